// Errors that point into a formula: the message, the text, and a caret line below it.
import { UnnormError } from '../../base/errors.ts'
import type { Formula, Span } from './syntax.ts'

/** Characters of a formula that one line of an error shows. */
const WINDOW = 76

/** How a mistake is told. */
export interface MistakeOptions {
  readonly code: string
  readonly kind?: UnnormError['kind']
}

/** Mistakes that the text alone shows. */
const ofText: MistakeOptions = { code: 'formula' }

/** `invalid formula: unknown function lgo (did you mean log?)`, then the formula with a caret line under the place. */
export function mistake({ text, what }: Pick<Formula, 'text' | 'what'>, message: string, span?: Span, { code, kind = 'usage' }: MistakeOptions = ofText): UnnormError {
  return new UnnormError(code, `invalid ${what}: ${message}\n${pointing(text, span)}`, kind)
}

function pointing(text: string, span: Span | undefined): string {
  const line = text.replaceAll(/\s/g, ' ')
  const start = Math.max(0, Math.min((span?.start ?? 0) - WINDOW / 2, line.length - WINDOW))
  const cut = start > 0 ? 1 : 0
  const shown = `${cut ? '…' : ''}${line.slice(start + cut, start + WINDOW)}${start + WINDOW < line.length ? '…' : ''}`
  if (!span) return `  ${shown}`
  const width = Math.max(1, Math.min(span.end, start + WINDOW) - span.start)
  return `  ${shown}\n  ${' '.repeat(span.start - start)}${'^'.repeat(width)}`
}
