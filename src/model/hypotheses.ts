// `--test`: linear hypotheses about parameters as a user writes them, `a = b, 2 mean[1] - mean[2] = 1; precision[1,2] = 0`.
import { UnnormError } from '../base/errors.ts'
import { didYouMean } from '../base/nearest.ts'
import { splitList } from './parameter-names.ts'

/** One joint hypothesis: Lθ = c. */
export interface Hypothesis {
  /** As the user wrote it. */
  readonly text: string
  /** One equation each: Σ factors · parameters = value. */
  readonly equations: readonly { readonly factors: ReadonlyMap<number, number>; readonly value: number }[]
}

const TERM = /^\s*([+-]?)\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)\s*\*?\s*)?([\p{L}_][\p{L}\p{N}_.]*(?:\[[\d,\s]+\])?)?\s*/u

/**
 * Reads `--test`: hypotheses separated by semicolons, their equations by commas.
 * @param names of the parameters, natural and reported
 * @throws UnnormError `invalid-option` (usage) where it is no such text, `unknown-parameter` with the nearest name
 */
export function parseHypotheses(text: string, names: readonly string[]): Hypothesis[] {
  return splitList(text, ';').map((hypothesis) => ({
    text: hypothesis,
    equations: splitList(hypothesis).map((equation) => {
      const sides = equation.split('=')
      if (sides.length !== 2) throw invalid(equation)
      const factors = new Map<number, number>()
      let value = 0
      sides.forEach((side, k) => {
        for (const term of parseSide(side, equation)) {
          const signed = k === 0 ? term.factor : -term.factor
          if (term.name === undefined) value -= signed
          else {
            const place = find(term.name, names)
            factors.set(place, (factors.get(place) ?? 0) + signed)
          }
        }
      })
      if ([...factors.values()].every((factor) => factor === 0)) throw invalid(equation)
      return { factors, value }
    }),
  }))
}

/** The terms of one side of an equation: numbers, names, or numbers times names. */
function parseSide(side: string, equation: string): { readonly factor: number; readonly name: string | undefined }[] {
  const terms: { factor: number; name: string | undefined }[] = []
  let rest = side
  do {
    const [all, sign, number, name] = TERM.exec(rest)!
    const isTerm = (number !== undefined || name !== undefined) && (terms.length === 0 || sign !== '')
    if (!isTerm) throw invalid(equation)
    terms.push({ factor: (sign === '-' ? -1 : 1) * Number(number ?? 1), name })
    rest = rest.slice(all.length)
  } while (rest !== '')
  return terms
}

function find(name: string, names: readonly string[]): number {
  const plain = name.replace(/\s+/g, '')
  const turned = plain.replace(/\[(\d+),(\d+)\]$/, '[$2,$1]')
  const place = names.includes(plain) ? names.indexOf(plain) : names.indexOf(turned)
  if (place >= 0) return place
  throw new UnnormError('unknown-parameter', `invalid test: unknown parameter ${name}${didYouMean(plain, names)} (must be one of ${names.length > 12 ? `${names.slice(0, 12).join(', ')}, …` : names.join(', ')})`)
}

const invalid = (equation: string): UnnormError =>
  new UnnormError('invalid-option', `invalid test: ${equation.trim() || 'nothing'} (must be equations such as "a = b, 2 c - d = 1"; semicolons separate tests)`, 'usage')
