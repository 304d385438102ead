// Checks of a table before a fit: constant columns, extreme units, exact collinearity, too few rows.
import { counted } from '../base/counted.ts'
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import { spreadRows } from './spread-rows.ts'
import { columnScale } from './standardize.ts'
import type { Scale } from './standardize.ts'
import type { Table } from './table.ts'

/**
 * Refuses a column whose values are all the same.
 * @returns the scale by which that shows
 * @throws UnnormError `constant-column`, `no-rows`, `range-overflow`
 */
export function checkConstantColumns(table: Table): Scale {
  return columnScale(table)
}

/**
 * Refuses fewer rows than parameters.
 * @param training rows that the fit sees, where others are held out
 * @throws UnnormError `too-few-rows`
 */
export function checkRowCount(table: Table, parameterCount: number, training = table.rows): void {
  if (training >= parameterCount) return
  const rows = training === table.rows ? counted(table.rows, 'row') : `${counted(training, 'training row')} of ${table.rows}`
  throw new UnnormError('too-few-rows', `${table.source}: ${rows} for ${counted(parameterCount, 'parameter')} (must be at least as many rows as parameters: add rows${training === table.rows ? '' : ', hold out fewer'}, or choose a smaller model or fewer columns)`)
}

/**
 * Refuses weights that cannot be such, and clusters that leave nothing to compare.
 * @throws UnnormError `invalid-weights`, `too-few-clusters`
 */
export function checkWeighting({ source, rows, weights, clusters }: Table): void {
  if (weights) {
    const name = JSON.stringify(weights.column)
    if (weights.values.length !== rows) throw new UnnormError('invalid-weights', `${source}: ${weights.values.length} weights ${name} for ${counted(rows, 'row')} (must be one a row)`)
    const wrong = weights.values.findIndex((value) => !(value >= 0 && value < Infinity))
    if (wrong >= 0) throw new UnnormError('invalid-weights', `${source}: weight ${name} of row ${wrong + 1} is ${weights.values[wrong]} (must be a number ≥ 0)`)
    if (weights.values.every((value) => value === 0)) throw new UnnormError('invalid-weights', `${source}: all weights ${name} are zero (must be > 0 for some rows)`)
  }
  if (clusters && clusters.count < 2) throw new UnnormError('too-few-clusters', `${source}: all rows are of one cluster ${JSON.stringify(clusters.column)} (must be at least 2, for standard errors come from how clusters differ)`)
}

// Within these the fourth powers of values are numbers, and so are their inverses.
const LARGEST = 1e75
const SMALLEST = 1e-75

/**
 * Refuses columns in units that float64 has no room for: a parametric model is fitted in the data's own, and its standard
 * errors are those of squares, which take the fourth powers.
 * @throws UnnormError `extreme-unit`
 */
export function checkUnits(table: Table, { minimum, maximum, deviation }: Scale): void {
  table.columns.forEach((_, j) => {
    const largest = Math.max(Math.abs(minimum[j]), Math.abs(maximum[j]))
    if (largest <= LARGEST && deviation[j] >= SMALLEST) return
    const unit = (value: number): string => value.toExponential(0)
    throw new UnnormError('extreme-unit', `${table.source}: column ${quote(table, j)} has values up to ${unit(largest)} with standard deviation ${unit(deviation[j])} (must be between ${unit(SMALLEST)} and ${unit(LARGEST)}, because a parametric model takes powers of them: give it in another unit)`)
  })
}

// A residual below this many standard deviations (and rounding) is an exact linear relation; below the second, a near one.
const EXACT = 1e-9
const NEAR = 1e-4
// Relations are looked for in about so many rows, evenly spread, and confirmed in all of them.
const SEARCHED_ROWS = 16_384

/**
 * Refuses columns that are copies or exact linear combinations of others (their covariance is singular, so no density over
 * them exists), and warns of near ones.
 * @param scale that of all rows, if already known
 * @returns warnings `nearly-collinear`
 * @throws UnnormError `duplicate-column`, `collinear-columns`; `too-few-rows` unless there are more rows than columns;
 *   those of `columnScale`
 */
export function checkCollinearity(table: Table, scale?: Scale): Warning[] {
  const d = table.columns.length
  if (table.rows <= d) {
    throw new UnnormError('too-few-rows', `${table.source}: ${counted(table.rows, 'row')} for ${counted(d, 'column')} (must be more rows than columns, or every density over them is singular)`)
  }
  const known = scale ?? columnScale(table)
  refuseCopies(table, known)
  return relations(table, known)
}

function relations(table: Table, scale: Scale): Warning[] {
  const d = table.columns.length
  const correlations = searchedCovariance(table, scale)
  const warnings: Warning[] = []
  // Gram–Schmidt by columns: each column against the independent ones before it.
  const basis: number[] = []
  const factor: Float64Array[] = []
  for (let j = 0; j < d; j++) {
    const row = new Float64Array(basis.length + 1)
    let rest = correlations[j * d + j]
    for (let k = 0; k < basis.length; k++) {
      let value = correlations[j * d + basis[k]]
      for (let m = 0; m < k; m++) value -= row[m] * factor[k][m]
      row[k] = value / factor[k][k]
      rest -= row[k] * row[k]
    }
    if (rest < 2 * NEAR * NEAR) {
      const weights = solveTransposed(factor, row)
      const { residual, rounding } = residualOf(table, scale, j, basis, weights)
      if (residual < EXACT + rounding) throw relationError(table, scale, j, basis, weights)
      if (residual >= NEAR) continue // It only looked constant or dependent in the searched rows.
      warnings.push({
        code: 'nearly-collinear',
        message: `column ${quote(table, j)} is nearly ${relation(table, scale, j, basis, weights)} (up to ${residual.toPrecision(2)} of its standard deviation): estimates along that direction are unreliable`,
      })
      continue
    }
    row[basis.length] = Math.sqrt(rest)
    factor.push(row)
    basis.push(j)
  }
  return warnings
}

// The covariance [d × d] of the standardized columns over the searched rows.
function searchedCovariance(table: Table, scale: Scale): Float64Array {
  const d = table.columns.length
  const { count, row } = spreadRows(table.rows, SEARCHED_ROWS)
  const sums = new Float64Array(d * d)
  const total = new Float64Array(d)
  const y = new Float64Array(d)
  for (let i = 0; i < count; i++) {
    const start = row(i) * d
    for (let j = 0; j < d; j++) y[j] = (table.values[start + j] - scale.mean[j]) / scale.deviation[j]
    for (let j = 0; j < d; j++) {
      total[j] += y[j]
      for (let k = 0; k <= j; k++) sums[j * d + k] += y[j] * y[k]
    }
  }
  return sums.map((sum, at) => sum / count - (total[Math.floor(at / d)] * total[at % d]) / (count * count))
}

// w with Lᵀw = row, L the lower triangular factor of the basis columns.
function solveTransposed(factor: readonly Float64Array[], row: Float64Array): Float64Array {
  const weights = row.slice(0, factor.length)
  for (let k = factor.length - 1; k >= 0; k--) {
    for (let m = k + 1; m < factor.length; m++) weights[k] -= factor[m][k] * weights[m]
    weights[k] /= factor[k][k]
  }
  return weights
}

// The root mean square over all rows of column j minus the combination, in standard deviations; and how much of it rounding explains.
function residualOf(table: Table, scale: Scale, j: number, basis: readonly number[], weights: Float64Array): { residual: number; rounding: number } {
  const d = table.columns.length
  const largest = (k: number): number => Math.max(Math.abs(scale.minimum[k]), Math.abs(scale.maximum[k])) / scale.deviation[k]
  let [sum, squares] = [0, 0]
  for (let i = 0; i < table.rows; i++) {
    let value = (table.values[i * d + j] - scale.mean[j]) / scale.deviation[j]
    for (let k = 0; k < basis.length; k++) {
      value -= (weights[k] * (table.values[i * d + basis[k]] - scale.mean[basis[k]])) / scale.deviation[basis[k]]
    }
    sum += value
    squares += value * value
  }
  const mean = sum / table.rows
  const rounding = basis.reduce((most, k, at) => most + Math.abs(weights[at]) * largest(k), largest(j)) * 4 * Number.EPSILON
  return { residual: Math.sqrt(Math.max(0, squares / table.rows - mean * mean)), rounding }
}

function relationError(table: Table, scale: Scale, j: number, basis: readonly number[], weights: Float64Array): UnnormError {
  return new UnnormError('collinear-columns', `${table.source}: column ${quote(table, j)} is exactly ${relation(table, scale, j, basis, weights)} (their covariance is singular, so no density over them exists: leave one of these columns out with --columns)`)
}

function refuseCopies(table: Table, scale: Scale): void {
  const d = table.columns.length
  for (let j = 1; j < d; j++) {
    for (let k = 0; k < j; k++) {
      let copy = scale.mean[j] === scale.mean[k] && scale.deviation[j] === scale.deviation[k]
      for (let i = 0; copy && i < table.rows; i++) copy = table.values[i * d + j] === table.values[i * d + k]
      if (copy) {
        throw new UnnormError('duplicate-column', `${table.source}: column ${quote(table, j)} is a copy of ${quote(table, k)} (leave one of them out with --columns)`)
      }
    }
  }
}

// `c + a·"x" + b·"y"` in the data's units.
function relation(table: Table, scale: Scale, j: number, basis: readonly number[], weights: Float64Array): string {
  let constant = scale.mean[j]
  const terms: string[] = []
  basis.forEach((k, at) => {
    if (Math.abs(weights[at]) <= 1e-6) return
    const coefficient = (weights[at] * scale.deviation[j]) / scale.deviation[k]
    constant -= coefficient * scale.mean[k]
    terms.push(`${short(coefficient)}·${quote(table, k)}`)
  })
  if (Math.abs(constant) > 1e-9 * (Math.abs(scale.mean[j]) + scale.deviation[j])) terms.unshift(short(constant))
  return terms.join(' + ').replaceAll('+ -', '- ')
}

const short = (value: number): string => String(Number(value.toPrecision(6)))
const quote = (table: Table, j: number): string => JSON.stringify(table.columns[j])
