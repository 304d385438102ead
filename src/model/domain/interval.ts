// Intervals of the line: what lies in them, how they are written, and a smooth map of the whole line onto their inside.

/** What values of a column lie between. */
export interface Interval {
  /** −∞ where there is none. */
  readonly lower: number
  readonly upper: number
  /** Whether the bound itself belongs to it. */
  readonly lowerClosed: boolean
  readonly upperClosed: boolean
}

export const line: Interval = { lower: -Infinity, upper: Infinity, lowerClosed: false, upperClosed: false }
export const halfLine: Interval = { ...line, lower: 0 }

export const isLine = ({ lower, upper }: Interval): boolean => lower === -Infinity && upper === Infinity

/** The distance of a value from the nearer end; infinite on the line. */
export const distanceInside = ({ lower, upper }: Interval, value: number): number => Math.min(value - lower, upper - value)

export const isInside = ({ lower, upper, lowerClosed, upperClosed }: Interval, value: number): boolean =>
  (lowerClosed ? value >= lower : value > lower) && (upperClosed ? value <= upper : value < upper)

/** `x > 0`, `0 < x <= 1` */
export function intervalWords(name: string, { lower, upper, lowerClosed, upperClosed }: Interval): string {
  if (upper === Infinity) return `${name} ${lowerClosed ? '>=' : '>'} ${lower}`
  if (lower === -Infinity) return `${name} ${upperClosed ? '<=' : '<'} ${upper}`
  return `${lower} ${lowerClosed ? '<=' : '<'} ${name} ${upperClosed ? '<=' : '<'} ${upper}`
}

interface OpenInterval {
  to(u: number): number
  from(x: number): number
  /** dx/du, of either sign. */
  slope(u: number): number
  /** d log |dx/du| / du. */
  bend(u: number): number
}

export function openInterval({ lower, upper }: Interval): OpenInterval {
  if (lower === -Infinity && upper === Infinity) return { to: (u) => u, from: (x) => x, slope: () => 1, bend: () => 0 }
  if (upper === Infinity) return { to: (u) => lower + Math.exp(u), from: (x) => Math.log(x - lower), slope: Math.exp, bend: () => 1 }
  if (lower === -Infinity) return { to: (u) => upper - Math.exp(u), from: (x) => Math.log(upper - x), slope: (u) => -Math.exp(u), bend: () => 1 }
  const width = upper - lower
  const share = (u: number): number => 1 / (1 + Math.exp(-u))
  return {
    // Near the upper end from above, so that what is left of it keeps its digits as far as x has them.
    to: (u) => (u < 0 ? lower + width * share(u) : upper - width * share(-u)),
    from: (x) => Math.log((x - lower) / (upper - x)),
    slope: (u) => width * share(u) * share(-u),
    bend: (u) => share(-u) - share(u),
  }
}
