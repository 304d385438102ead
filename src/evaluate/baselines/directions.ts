// Baselines of directions: the uniform distribution, von Mises–Fisher by maximum likelihood (Mardia & Jupp 2000, §10.3.1), and a kernel
// density with a von Mises–Fisher kernel (Hall, Watson & Cabrera 1987), its concentration by leave-one-out likelihood. On several
// spheres the first two take them as independent.
import { someColumns } from '../../data/domain-rows.ts'
import { goldenSection } from '../../estimate/kernel-bandwidth.ts'
import { thinRows } from '../../estimate/row-moments.ts'
import { logBesselI } from '../../model/bessel.ts'
import type { PlacedDomain } from '../../model/domain.ts'
import { pointsOf } from '../../model/domain.ts'
import { logNormalizerOfKappa } from '../../model/energies/von-mises-fisher.ts'
import type { Baseline } from './baseline.ts'

/** Unit vectors of one sphere, row-major [n × p]. */
interface Directions {
  readonly p: number
  readonly z: Float64Array
}

const spheresOf = ({ parts }: PlacedDomain): PlacedDomain['parts'] => parts.filter(({ kind }) => kind === 'sphere')

/** The spheres of rows; what else the domain has is not looked at. */
function directionsOf(domain: PlacedDomain, rows: Float64Array): Directions[] {
  const points = pointsOf(domain, rows)
  const width = domain.coordinates.length
  return spheresOf(domain).map(({ coordinates }) => ({ p: coordinates.length, z: someColumns(points, width, coordinates) }))
}

export function uniformBaseline(domain: PlacedDomain): Baseline {
  const value = -spheresOf(domain).reduce((sum, { coordinates }) => sum + logNormalizerOfKappa(coordinates.length, 0), 0)
  return { name: 'uniform', logDensity: (rows) => new Float64Array(rows.length / domain.columns.length).fill(value) }
}

interface Concentrated {
  readonly p: number
  readonly mean: Float64Array
  readonly kappa: number
}

/** @param weights with mean one */
function concentrate({ p, z }: Directions, weights?: Float64Array): Concentrated {
  const count = z.length / p
  const mean = new Float64Array(p)
  z.forEach((value, e) => { mean[e % p] += value * (weights?.[Math.floor(e / p)] ?? 1) / count })
  const length = Math.hypot(...mean)
  return { p, mean: mean.map((value) => value / (length || 1)), kappa: concentrationOf(p, length) }
}

/** κ with A_p(κ) = I_{p/2}(κ)/I_{p/2−1}(κ) equal to a mean resultant length: by halving, from bounds that surely hold it. */
export function concentrationOf(p: number, length: number): number {
  const resultant = (kappa: number): number => Math.exp(logBesselI(p / 2, kappa) - logBesselI(p / 2 - 1, kappa))
  // p R ≤ κ where R is small, and κ ≤ p R / (1 − R²), as A_p(κ) ≥ κ/(p + κ) … (Amos 1974).
  let [low, high] = [0, (p * length) / Math.max(1 - length * length, 1e-12)]
  for (let step = 0; step < 100 && high - low > 1e-12 * high; step++) {
    const middle = (low + high) / 2
    if (resultant(middle) < length) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/**
 * @param training row-major [n × columns]
 * @param weights of the rows, with mean one
 */
export function vonMisesFisherBaseline(training: Float64Array, domain: PlacedDomain, weights?: Float64Array): Baseline & { readonly kappas: readonly number[] } {
  const fitted = directionsOf(domain, training).map((own) => concentrate(own, weights))
  return {
    name: 'von Mises–Fisher', kappas: fitted.map(({ kappa }) => kappa),
    logDensity: (rows) => {
      const result = new Float64Array(rows.length / domain.columns.length)
      directionsOf(domain, rows).forEach(({ z }, part) => {
        const { p, mean, kappa } = fitted[part]
        const constant = logNormalizerOfKappa(p, kappa)
        for (let row = 0; row < result.length; row++) {
          let along = 0
          for (let k = 0; k < p; k++) along += mean[k] * z[row * p + k]
          result[row] += kappa * along - constant
        }
      })
      return result
    },
  }
}

const MOST_CENTRES = 4000
const QUERIES = 500
/** Concentrations tried, in units of that of the rows. */
const GRID = Array.from({ length: 19 }, (_, k) => Math.log(2) * (k - 2))

/**
 * @param training row-major [n × columns]
 * @param weights of the rows, with mean one: of kernels, and of rows left out in the choice of the concentration
 */
export function directionKernelBaseline(training: Float64Array, domain: PlacedDomain, weights?: Float64Array): Baseline & { readonly concentrations: readonly number[] } {
  const { length: d } = domain.columns
  const centres = directionsOf(domain, thinRows(training, d, MOST_CENTRES))
  const count = centres[0].z.length / centres[0].p
  const sumOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0)
  const drawn = weights ? thinRows(weights, 1, MOST_CENTRES) : new Float64Array(count).fill(1)
  const total = sumOf(drawn)
  const counts = drawn.map((weight) => (weight * count) / total)
  // A kernel as wide as a fixed share of each sphere's rows; those that are nearly uniform count as spread over a half.
  const units = centres.map((own) => Math.max(concentrate(own, counts).kappa, 1))
  const logCounts = counts.map(Math.log)
  /** Σ κ (cosine − 1) of two rows in units of the kernel's concentration: −½κ times their squared distance, which is zero for copies. */
  const exponent = (queries: readonly Directions[], q: number, c: number): number => queries.reduce((sum, { p, z }, part) => {
    let squared = 0
    for (let k = 0; k < p; k++) squared += (z[q * p + k] - centres[part].z[c * p + k]) ** 2
    return sum - (units[part] * squared) / 2
  }, 0)
  /** What the kernel integrates to. */
  const logVolume = (scale: number): number => centres.reduce((sum, { p }, part) => sum + logNormalizerOfKappa(p, scale * units[part]) - scale * units[part], 0)
  const queries = directionsOf(domain, thinRows(thinRows(training, d, MOST_CENTRES), d, QUERIES))
  const queryCount = queries[0].z.length / queries[0].p
  const queryCounts = thinRows(counts, 1, QUERIES)
  const exponents = Float64Array.from({ length: queryCount * count }, (_, e) => exponent(queries, Math.floor(e / count), e % count))
  const leaveOneOut = (logScale: number): number => {
    const scale = Math.exp(logScale)
    let total = 0
    for (let q = 0; q < queryCount; q++) {
      let sum = 0
      // A row and its copies are left out: they would make the kernel ever narrower.
      for (let c = q * count; c < (q + 1) * count; c++) if (exponents[c] < 0) sum += counts[c - q * count] * Math.exp(scale * exponents[c])
      total += queryCounts[q] * Math.log(Math.max(sum, 1e-300))
    }
    return total / sumOf(queryCounts) - logVolume(scale)
  }
  const values = GRID.map(leaveOneOut)
  const best = values.indexOf(Math.max(...values))
  const scale = Math.exp(goldenSection(leaveOneOut, GRID[Math.max(0, best - 1)], GRID[Math.min(GRID.length - 1, best + 1)]).at)
  const constant = logVolume(scale)
  return {
    name: 'kernel density', concentrations: units.map((unit) => scale * unit),
    logDensity: (rows, isTraining = () => false) => {
      const own = directionsOf(domain, rows)
      return Float64Array.from({ length: rows.length / d }, (_, row) => {
        let most = -Infinity
        let others = count
        const each = new Float64Array(count)
        for (let c = 0; c < count; c++) {
          const value = exponent(own, row, c)
          // A training row's own centre says nothing about it.
          const isOwn = value === 0 && others === count && isTraining(row)
          if (isOwn) others -= counts[c]
          each[c] = isOwn ? -Infinity : scale * value + logCounts[c]
          if (each[c] > most) most = each[c]
        }
        let sum = 0
        for (const value of each) if (value > most - 36) sum += Math.exp(value - most)
        return most + Math.log(sum) - Math.log(others) - constant
      })
    },
  }
}
