// Energies in any dimension whose log Z is known, with exact draws: for the tests of log Z and bench/normalizers.ts.
import type { Random } from '../../src/base/random.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'

export interface KnownEnergy {
  readonly name: string
  readonly energy: FittedEnergy
  readonly logNormalizer: number
  sample(n: number, random: Random): Float64Array
}

/** An energy of which `at` writes the score of row x[from …] into `score[from …]` and returns the energy. */
function rowwise(d: number, at: (x: Float64Array, from: number, score: Float64Array) => number): FittedEnergy {
  return {
    columns: Array.from({ length: d }, (_, j) => `x${j + 1}`),
    evaluate: async (rows) => {
      const score = new Float64Array(rows.length)
      return { energy: Float64Array.from({ length: rows.length / d }, (_, i) => at(rows, i * d, score)), score }
    },
  }
}

const drawn = (d: number, make: (z: Float64Array, random: Random) => void) => (n: number, random: Random): Float64Array => {
  const rows = new Float64Array(n * d)
  random.fillNormal(rows)
  for (let i = 0; i < n; i++) make(rows.subarray(i * d, (i + 1) * d), random)
  return rows
}
const LOG_TWO_PI = Math.log(2 * Math.PI)

/** x₁ ~ N(0, 1), xⱼ = ρxⱼ₋₁ + √(1 − ρ²) n, ρ = 0.9: neighbours are highly correlated. */
export function correlatedGaussian(d: number): KnownEnergy {
  const rho = 0.9
  const [variance, deviation] = [1 - rho * rho, Math.sqrt(1 - rho * rho)]
  return {
    name: 'correlated Gaussian',
    logNormalizer: (d / 2) * LOG_TWO_PI + (d - 1) * Math.log(deviation),
    energy: rowwise(d, (x, from, score) => {
      let energy = x[from] ** 2 / 2
      score[from] = -x[from]
      for (let j = from + 1; j < from + d; j++) {
        const rest = x[j] - rho * x[j - 1]
        energy += rest * rest / (2 * variance)
        score[j] -= rest / variance
        score[j - 1] += rho * rest / variance
      }
      return energy
    }),
    sample: drawn(d, (x) => { for (let j = 1; j < d; j++) x[j] = rho * x[j - 1] + deviation * x[j] }),
  }
}

/** 0.3 N(−3e₁, I) + 0.7 N(3e₁, I). */
export function twoModes(d: number): KnownEnergy {
  return {
    name: 'mixture of two Gaussians',
    logNormalizer: (d / 2) * LOG_TWO_PI,
    energy: rowwise(d, (x, from, score) => {
      let squares = 0
      for (let j = from + 1; j < from + d; j++) {
        squares += x[j] ** 2
        score[j] = -x[j]
      }
      const [left, right] = [Math.log(0.3) - (x[from] + 3) ** 2 / 2, Math.log(0.7) - (x[from] - 3) ** 2 / 2]
      const most = Math.max(left, right)
      const total = most + Math.log(Math.exp(left - most) + Math.exp(right - most))
      score[from] = -(Math.exp(left - total) * (x[from] + 3) + Math.exp(right - total) * (x[from] - 3))
      return squares / 2 - total
    }),
    sample: drawn(d, (x, random) => { x[0] += random.uniform() < 0.3 ? -3 : 3 }),
  }
}

/** v ~ N(0, 1), xⱼ ~ N(0, eᵛ): a funnel as in Neal (2003), of width 1 rather than 3. */
function funnel(d: number): KnownEnergy {
  return {
    name: 'funnel',
    logNormalizer: (d / 2) * LOG_TWO_PI,
    energy: rowwise(d, (x, from, score) => {
      const v = x[from]
      const precision = Math.exp(-v)
      let squares = 0
      for (let j = from + 1; j < from + d; j++) {
        squares += x[j] ** 2
        score[j] = -x[j] * precision
      }
      score[from] = -v - (d - 1) / 2 + squares * precision / 2
      return v * v / 2 + (d - 1) * v / 2 + squares * precision / 2
    }),
    sample: drawn(d, (x) => { for (let j = 1; j < d; j++) x[j] *= Math.exp(x[0] / 2) }),
  }
}

/** Pairs x ~ N(0, 1), y = ½(x² − 1) + n/2. */
export function banana(d: number): KnownEnergy {
  const bend = (x: number): number => (x * x - 1) / 2
  return {
    name: 'banana',
    logNormalizer: (d / 2) * LOG_TWO_PI + (d / 2) * Math.log(0.5),
    energy: rowwise(d, (x, from, score) => {
      let energy = 0
      for (let j = from; j < from + d; j += 2) {
        const rest = (x[j + 1] - bend(x[j])) / 0.25
        energy += x[j] ** 2 / 2 + rest * (x[j + 1] - bend(x[j])) / 2
        score[j] = -x[j] + rest * x[j]
        score[j + 1] = -rest
      }
      return energy
    }),
    sample: drawn(d, (x) => { for (let j = 0; j < d; j += 2) x[j + 1] = bend(x[j]) + x[j + 1] / 2 }),
  }
}

export const knownEnergies = [correlatedGaussian, twoModes, funnel, banana]
