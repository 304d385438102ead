// Numbers and words as people read them: significant digits from standard errors, percentages, lists, wrapped lines.

const exponentAbove = 1e7
const exponentBelow = 1e-4
/** An error below this share of its value is negligible: no digit that anyone reads depends on it. */
const negligible = 1e-7

/** How many decimals show `significant` digits of `size`; at least none. */
function decimalsFor(size: number, significant: number): number {
  if (!Number.isFinite(size) || size === 0) return 0
  return Math.max(0, significant - 1 - exponentOf(size, significant))
}

/** The decimal exponent of a number once it is rounded to some significant digits (0.0996 to two digits is 0.10). */
function exponentOf(size: number, significant: number): number {
  return Number(Math.abs(size).toExponential(significant - 1).split('e')[1])
}

/** A number with some significant digits, without an exponent where a person would not write one. */
export function formatNumber(value: number, significant = 4): string {
  if (Number.isNaN(value)) return 'not a number'
  if (!Number.isFinite(value)) return value > 0 ? 'infinity' : '-infinity'
  if (value === 0) return '0'
  if (needsExponent(value)) return shortExponent(value.toExponential(significant - 1))
  return unsignedZero(value.toFixed(Math.min(decimalsFor(value, significant), 20)))
}

/**
 * An estimate to the precision that its error warrants: two significant digits of the error.
 * Where the error is unknown or negligible, six significant digits.
 */
export function formatEstimate(value: number, error: number | null): string {
  const counts = error !== null && Number.isFinite(error) && Number.isFinite(value) && error > negligible * Math.abs(value)
  if (!counts) return formatNumber(value, 6)
  if (needsExponent(Math.max(Math.abs(value), error))) {
    return value === 0 ? '0' : shortExponent(value.toExponential(Math.max(exponentOf(value, 6) - exponentOf(error, 2) + 1, 0)))
  }
  return unsignedZero(value.toFixed(decimalsFor(error, 2)))
}

/** A standard error: two significant digits, never rounded down to nothing. */
export function formatError(error: number): string {
  return formatNumber(error, 2)
}

/** `value ± error`, or the value alone where the error is unknown or zero. */
export function formatWithError(value: number, error: number | null): string {
  const estimate = formatEstimate(value, error)
  return error === null || !(error > 0) ? estimate : `${estimate} ± ${formatError(error)}`
}

/** A share as a percentage: `4.2 %`, `0.03 %`, `100 %`. */
export function formatPercent(share: number): string {
  const percent = share * 100
  return `${percent >= 99.95 && percent < 100.05 ? '100' : formatNumber(percent, Math.abs(percent) < 10 ? 2 : 3)} %`
}

/** A number someone chose or counted, as short as its value allows: `0.1`, not `0.1000`. */
export function formatSetting(value: number): string {
  const text = formatNumber(value, 4)
  return text.includes('e') ? text.replace(/\.?0+e/, 'e') : text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')
}

/** A count with its thousands set apart: `8,124`, `20,000,000`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** Seconds as `0.02 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.5) return `${formatNumber(seconds, 2)} s`
  const whole = Math.round(seconds)
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`
}

/** Numbers for print: the true minus sign, and `3.2×10⁻⁵` for 3.2e-5. Terminals and files keep what can be pasted as a number. */
export function typographic(text: string): string {
  return text.replace(/(?<=\d)e(-?\d+)/g, (_, power: string) => `×${powerOfTen(Number(power))}`).replace(/(^|[^\p{L}\d])-(?=[\d.])/gu, '$1−')
}

/** `10⁻³`. */
export function powerOfTen(power: number): string {
  return `10${[...String(power)].map((character) => (character === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(character)])).join('')}`
}

/** `a, b, c and 4 more`: a list that stays short. */
export function shortList(items: readonly string[], most: number): string {
  if (items.length <= most) return items.join(', ')
  return `${items.slice(0, most).join(', ')} and ${items.length - most} more`
}

/** Words as a sentence of running text: a capital at its start, a stop at its end. */
export function asSentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
}

/** Text without what would command a terminal: control characters become a visible mark. */
export function plainText(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, '␣')
}

/** The first characters of a text, with an ellipsis where something was cut. */
export function shorten(text: string, most: number): string {
  const characters = [...text]
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`
}

/** Words put into lines of at most `width` characters; a longer word is broken, and a no-break space is not. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/[^\S\u00a0]+/).filter((part) => part !== '')) {
    let rest = [...word]
    if (line !== '' && [...line].length + 1 + rest.length <= width) {
      line += ` ${word}`
      continue
    }
    if (line !== '') lines.push(line)
    while (rest.length > width) {
      lines.push(rest.slice(0, width).join(''))
      rest = rest.slice(width)
    }
    line = rest.join('')
  }
  if (line !== '') lines.push(line)
  return lines
}

function needsExponent(value: number): boolean {
  const size = Math.abs(value)
  return size !== 0 && (size >= exponentAbove || size < exponentBelow)
}

function shortExponent(text: string): string {
  return text.replace('e+', 'e')
}

function unsignedZero(text: string): string {
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text
}
