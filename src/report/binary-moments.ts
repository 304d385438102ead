// What the figure of binary columns shows: the share of ones in each and the correlation of each pair, of the rows and of the fit.
import { spreadRows } from '../data/spread-rows.ts'
import type { Table } from '../data/table.ts'
import { enumerate, momentsOf } from '../engine/enumeration.ts'
import { weightingOf } from '../estimate/weighting.ts'
import { meanWithError } from '../evaluate/mean-with-error.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'

/** A number of the rows with its standard error, and the fit's; null where the fit's distribution cannot be listed. */
export interface Compared {
  readonly rows: number
  readonly standardError: number
  readonly fit: number | null
}

export interface BinaryMoments {
  readonly columns: readonly string[]
  readonly rows: number
  /** How often a column is 1, one a column. */
  readonly shares: readonly Compared[]
  /** Correlations of pairs i < j, the first column's with all others first. */
  readonly pairs: readonly (Compared & { readonly first: number; readonly second: number })[]
}

const mostRows = 100_000

/** @param table rows of 0 or −1, and 1 */
export async function binaryMoments(energy: FittedEnergy, table: Table): Promise<BinaryMoments> {
  const d = table.columns.length
  const { count, row } = spreadRows(table.rows, mostRows)
  const weighting = weightingOf(table, count, row)
  const spins = table.columns.map((_, j) => Float64Array.from({ length: count }, (__, k) => (table.values[row(k) * d + j] === 1 ? 1 : -1)))
  const listed = await enumerate(energy)
  const fitted = listed && momentsOf(listed)
  const means = spins.map((own) => meanWithError(own, weighting))
  // A column that is the same in all rows, or almost surely so, has no correlation.
  const correlation = (product: number, a: number, b: number): number => {
    const size = Math.sqrt((1 - a * a) * (1 - b * b))
    return size > 1e-12 ? (product - a * b) / size : 0
  }
  return {
    columns: table.columns, rows: table.rows,
    shares: means.map(({ value, standardError }, j) => ({ rows: (1 + value) / 2, standardError: standardError / 2, fit: fitted ? (1 + fitted.mean[j]) / 2 : null })),
    pairs: table.columns.flatMap((_, first) => table.columns.slice(first + 1).map((__, k) => {
      const second = first + 1 + k
      const [a, b] = [means[first].value, means[second].value]
      const product = meanWithError(spins[first].map((value, n) => value * spins[second][n]), weighting).value
      const own = correlation(product, a, b)
      // The correlation's influence of a row, u v − ½ r (u² + v²) of standardized values.
      const [sa, sb] = [Math.sqrt(1 - a * a), Math.sqrt(1 - b * b)]
      const influence = spins[first].map((value, n) => {
        const [u, v] = [(value - a) / sa, (spins[second][n] - b) / sb]
        return u * v - (own / 2) * (u * u + v * v)
      })
      return { first, second, rows: own, standardError: meanWithError(influence, weighting).standardError, fit: fitted ? correlation(fitted.products[first * d + second], fitted.mean[first], fitted.mean[second]) : null }
    })),
  }
}
