// What a baseline is: a normalized density fitted to training rows, to which a model's log-likelihood is compared.

/** The baselines, as they are called in fit.json: those that every fit is compared to; of directions; of columns or parts of a domain by themselves. */
export type UsualBaseline = 'gaussian' | 'kernelDensity' | 'gaussianMixture'
const others = ['uniform', 'vonMisesFisher', 'independent'] as const
export type BaselineName = UsualBaseline | (typeof others)[number]
/** Something of each baseline; the others only where there are such. */
export type PerBaseline<T> = Readonly<Record<UsualBaseline, T>> & Readonly<Partial<Record<(typeof others)[number], T>>>

/** The same of each of the usual baselines, from its name. */
export function perBaseline<T>(of: (name: UsualBaseline) => T): PerBaseline<T> {
  return { gaussian: of('gaussian'), kernelDensity: of('kernelDensity'), gaussianMixture: of('gaussianMixture') }
}

/** Something else of each of some baselines. */
export function mapBaselines<T, U>(all: PerBaseline<T>, of: (value: T, name: BaselineName) => U): PerBaseline<U> {
  const found = others.flatMap((name) => (name in all ? [[name, of(all[name] as T, name)]] : []))
  return { ...perBaseline((name) => of(all[name], name)), ...Object.fromEntries(found) as Partial<Record<(typeof others)[number], U>> }
}

/** A normalized density in the data's units. */
export interface Baseline {
  readonly name: string
  /**
   * log p of every row [n], in nats.
   * @param rows row-major [n × d]
   * @param isTraining which of these rows the baseline was fitted to; a baseline that would know them by heart leaves each out for itself
   */
  logDensity(rows: Float64Array, isTraining?: (row: number) => boolean): Float64Array
}

/** The product of the densities of parts, as if they were independent; null where one of them is missing. */
export function productBaseline(name: string, parts: readonly (Baseline | null)[]): Baseline | null {
  const known = parts.filter((part) => part !== null)
  if (known.length < parts.length) return null
  return {
    name,
    logDensity: (rows, isTraining) => known.map((part) => part.logDensity(rows, isTraining)).reduce((sum, own) => sum.map((value, row) => value + own[row])),
  }
}
