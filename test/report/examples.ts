// Analytic energies and fit records that the tests of the report draw and print.
import type { Table } from '../../src/data/table.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'
import type { FitJson } from '../../src/report/fit-json.ts'

/** A small generator for test data (xorshift32), independent of the package's own. */
export function generator(seed: number): { uniform(): number; normal(): number } {
  let state = seed || 1
  const uniform = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return ((state >>> 0) + 0.5) / 4294967296
  }
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()) }
}

/** A table of rows made one by one. */
export function tableOf(columns: readonly string[], rows: number, row: () => readonly number[], source = 'points.csv'): Table {
  return { source, columns, rows, rowsRead: rows, columnsLeftOut: [], values: Float64Array.from(Array.from({ length: rows }, row).flat()) }
}

/** An energy computed row by row. */
export function energyOf(columns: readonly string[], at: (x: Float64Array) => { energy: number; score: readonly number[] }): FittedEnergy {
  return {
    columns,
    evaluate: (rows) => {
      const dimension = columns.length
      const energy = new Float64Array(rows.length / dimension)
      const score = new Float64Array(rows.length)
      for (let row = 0; row < energy.length; row++) {
        const value = at(rows.subarray(row * dimension, (row + 1) * dimension))
        energy[row] = value.energy
        score.set(value.score, row * dimension)
      }
      return Promise.resolve({ energy, score })
    },
  }
}

/** A mixture of round Gaussians, unnormalized: log Z = d/2 · log 2π + d · log sd. */
export function mixtureEnergy(columns: readonly string[], means: readonly (readonly number[])[], weights: readonly number[], sd: number): FittedEnergy {
  return energyOf(columns, (x) => {
    const parts = means.map((mean, index) => weights[index] * Math.exp(-0.5 * mean.reduce((sum, value, column) => sum + ((x[column] - value) / sd) ** 2, 0)))
    const total = parts.reduce((sum, part) => sum + part, 0)
    return {
      energy: -Math.log(total),
      score: Array.from(x, (value, column) => means.reduce((sum, mean, index) => sum + (parts[index] / total) * (mean[column] - value) / (sd * sd), 0)),
    }
  })
}

/** Rows of a mixture of round Gaussians. */
export function mixtureRow(random: ReturnType<typeof generator>, means: readonly (readonly number[])[], weights: readonly number[], sd: number): number[] {
  let rest = random.uniform()
  const index = Math.max(0, weights.findIndex((weight) => (rest -= weight) < 0))
  return means[index].map((mean) => mean + sd * random.normal())
}

/** A plausible fit of a Gaussian, every field filled; change what a test is about. */
export function fitExample(changes: Partial<FitJson> = {}): FitJson {
  return {
    format: 'unnorm.fit/1', unnorm: '0.1.0', command: 'unnorm fit points.csv --model gaussian', seed: 0, out: 'runs/points-gaussian',
    data: { source: 'points.csv', rows: 150, rowsUsed: 150, columns: ['a', 'b'], columnsLeftOut: ['name'] },
    model: { name: 'gaussian', logDensity: '-1/2 x\' K x + eta\' x', domain: 'R^2', parameterCount: 5 },
    estimator: { name: 'score-matching', route: 'closed-form', noise: null, noiseCorrection: null, stopped: 'solved' },
    parameters: [
      { name: 'precision[1,1]', estimate: 10.383924916, standardError: 1.2034, interval: [8.0253, 12.7426] },
      { name: 'precision[1,2]', estimate: -6.758244195, standardError: 0.91, interval: [-8.5418, -4.9747] },
      { name: 'precision[2,2]', estimate: 11.132634811, standardError: 1.31, interval: [8.5651, 13.7002] },
      { name: 'eta[1]', estimate: 19.27253861, standardError: 3.4, interval: [12.6087, 25.9364] },
      { name: 'eta[2]', estimate: 11.612329834, standardError: 2.9, interval: [5.9284, 17.2963] },
      { name: 'mean[1]', estimate: 5.8433333, standardError: 0.0674, interval: [5.7112, 5.9755] },
      { name: 'mean[2]', estimate: 3.0573333, standardError: 0.0355, interval: [2.9877, 3.127] },
    ],
    derived: [], parameterCovariance: null, level: 0.95,
    objective: { train: -10.758, heldOut: null, heldOutStandardError: null, units: 'data' },
    logNormalizer: { value: 70.123456, standardError: 0, method: 'exact' },
    logLikelihood: { train: -1.8912, heldOut: null, standardError: 0.083, baselines: { gaussian: -1.8912, kernelDensity: -1.8541 } },
    timing: { seconds: 0.0213, stepsPerSecond: null },
    warnings: [],
    ...changes,
  }
}
