// Energies with known normalizers and scores, and rows drawn from them, for the tests of src/evaluate and src/estimate.
import type { Random } from '../../src/base/random.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'

/** An energy from −log density and its score at one point. `counter.rows` counts the rows evaluated. */
export function pointwiseEnergy(
  dimension: number,
  energyAt: (x: readonly number[]) => number,
  scoreAt: (x: readonly number[]) => readonly number[] = differences(energyAt),
): FittedEnergy {
  return {
    columns: Array.from({ length: dimension }, (_, j) => `x${j + 1}`),
    async evaluate(rows) {
      const count = rows.length / dimension
      const energy = new Float64Array(count)
      const score = new Float64Array(rows.length)
      for (let i = 0; i < count; i++) {
        const x = Array.from(rows.subarray(i * dimension, (i + 1) * dimension))
        energy[i] = energyAt(x)
        score.set(scoreAt(x), i * dimension)
      }
      return { energy, score }
    },
  }
}

function differences(energyAt: (x: readonly number[]) => number): (x: readonly number[]) => number[] {
  return (x) =>
    x.map((value, j) => {
      const step = 1e-6 * Math.max(1, Math.abs(value))
      const at = (t: number) => energyAt(x.map((other, k) => (k === j ? t : other)))
      return -(at(value + step) - at(value - step)) / (2 * step)
    })
}

export interface Component {
  readonly weight: number
  readonly mean: readonly number[]
  readonly deviation: number
}

/** The energy −log Σ wₖ N(mₖ, sₖ² I) and its score: log Z = 0. */
export function mixtureEnergy(components: readonly Component[]): FittedEnergy {
  const dimension = components[0].mean.length
  const parts = (x: readonly number[]) =>
    components.map(({ weight, mean, deviation }) => {
      const squared = mean.reduce((sum, m, j) => sum + (x[j] - m) ** 2, 0)
      return Math.log(weight) - dimension * Math.log(deviation * Math.sqrt(2 * Math.PI)) - squared / (2 * deviation ** 2)
    })
  const logSum = (values: readonly number[]) => {
    const most = Math.max(...values)
    return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0))
  }
  return pointwiseEnergy(
    dimension,
    (x) => -logSum(parts(x)),
    (x) => {
      const logs = parts(x)
      const total = logSum(logs)
      return x.map((value, j) =>
        components.reduce((sum, { mean, deviation }, k) => sum - (Math.exp(logs[k] - total) * (value - mean[j])) / deviation ** 2, 0),
      )
    },
  )
}

export function mixtureRows(components: readonly Component[], count: number, random: Random): Float64Array {
  const dimension = components[0].mean.length
  const rows = new Float64Array(count * dimension)
  for (let i = 0; i < count; i++) {
    let u = random.uniform()
    const component = components.find(({ weight }) => (u -= weight) < 0) ?? components[components.length - 1]
    for (let j = 0; j < dimension; j++) rows[i * dimension + j] = component.mean[j] + component.deviation * random.normal()
  }
  return rows
}

/** The mixture of the reference page (D2L draft §17.3). */
export function threeComponents(deviation = 0.5): Component[] {
  return [
    { weight: 0.5, mean: [-2.5, -1.5], deviation },
    { weight: 0.3, mean: [2.5, -1.5], deviation },
    { weight: 0.2, mean: [0, 2.5], deviation },
  ]
}

/** x₁ ~ N(0, 1), x₂ = ½(x₁² − 1) + 0.35 n. */
export function parabolaRows(count: number, random: Random): Float64Array {
  const rows = new Float64Array(2 * count)
  for (let i = 0; i < count; i++) {
    const x = random.normal()
    rows[2 * i] = x
    rows[2 * i + 1] = 0.5 * (x * x - 1) + 0.35 * random.normal()
  }
  return rows
}

export function normalRows(count: number, dimension: number, random: Random): Float64Array {
  const rows = new Float64Array(count * dimension)
  random.fillNormal(rows)
  return rows
}
