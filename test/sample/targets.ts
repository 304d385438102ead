// Targets with exact moments, and chains on them, for the tests of src/sample.
import { expect } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import type { Random } from '../../src/base/random.ts'
import { choleskyDecompose, invertCholesky } from '../../src/base/linear-algebra.ts'
import { gaussianMixture, isotropicCovariance } from '../../src/data/synthetic/gaussian-mixture.ts'
import type { GaussianComponent, GaussianMixture } from '../../src/data/synthetic/gaussian-mixture.ts'
import type { SyntheticDensity } from '../../src/data/synthetic/density.ts'
import type { FittedEnergy } from '../../src/model/fitted-energy.ts'
import type { LadderToSample } from '../../src/sample/descent.ts'
import { diagnose } from '../../src/sample/diagnostics.ts'
import type { Evaluates, Target } from '../../src/sample/target.ts'

/** An energy of the columns of a domain by log p and its gradient at one row. */
export const logDensityEnergy = (columns: readonly string[], at: (x: Float64Array) => readonly [number, readonly number[]]): FittedEnergy => ({
  columns,
  evaluate: async (rows) => {
    const d = columns.length
    const energy = new Float64Array(rows.length / d)
    const score = new Float64Array(rows.length)
    for (let row = 0; row < energy.length; row++) {
      const [value, gradient] = at(rows.subarray(row * d, (row + 1) * d))
      energy[row] = -value
      score.set(gradient, row * d)
    }
    return { energy, score }
  },
})

/** A synthetic density as a target. */
export function targetOf(density: SyntheticDensity): Target {
  const d = density.dimension
  return {
    dimension: d,
    evaluate: (points) => {
      const energy = new Float64Array(points.length / d)
      const score = new Float64Array(points.length)
      for (let row = 0; row < energy.length; row++) {
        const x = points.subarray(row * d, (row + 1) * d)
        energy[row] = -density.unnormalizedLogDensity(x)
        score.set(density.score(x), row * d)
      }
      return Promise.resolve({ energy, score })
    },
  }
}

/** N(mean, covariance), quickly. */
export function gaussianTarget(mean: ArrayLike<number>, covariance: ArrayLike<number>): Target {
  const d = mean.length
  const precision = invertCholesky(choleskyDecompose(covariance, d)!, d)
  return {
    dimension: d,
    evaluate: (points) => {
      const energy = new Float64Array(points.length / d)
      const score = new Float64Array(points.length)
      for (let row = 0; row < energy.length; row++) {
        for (let i = 0; i < d; i++) {
          let pull = 0
          for (let j = 0; j < d; j++) pull += precision[i * d + j] * (points[row * d + j] - mean[j])
          score[row * d + i] = -pull
          energy[row] += 0.5 * pull * (points[row * d + i] - mean[i])
        }
      }
      return Promise.resolve({ energy, score })
    },
  }
}

/** Σᵢⱼ = sᵢ sⱼ ρ^|i − j| with scales from 1 to `widest`. */
export function correlated(d: number, rho: number, widest: number): Float64Array {
  const scale = (i: number): number => widest ** (i / (d - 1))
  return Float64Array.from({ length: d * d }, (_, k) => scale(Math.floor(k / d)) * scale(k % d) * rho ** Math.abs(Math.floor(k / d) - (k % d)))
}

/** Two modes at ±`half` along the first axis. */
export function twoModes(d: number, weight: number, half: number, deviation: number): GaussianMixture {
  const at = (place: number) => Array.from({ length: d }, (_, j) => (j === 0 ? place : 0))
  const covariance = isotropicCovariance(d, deviation)
  return gaussianMixture('two modes', [{ weight, mean: at(-half), covariance }, { weight: 1 - weight, mean: at(half), covariance }])
}

/** The exact ladder of a mixture: its density with noise of variance t·deviation² in each column. */
export function ladderOfMixture(components: readonly GaussianComponent[], deviations: readonly number[], ladder = { least: 1e-3, most: 100 }): LadderToSample {
  const at = (t: number): Evaluates & { columns: string[] } => ({
    columns: deviations.map((_, j) => `x${j}`),
    ...targetOf(gaussianMixture('noisy', components.map((each) => ({ ...each, covariance: each.covariance.map((row, i) => row.map((value, j) => value + (i === j ? t * deviations[i] ** 2 : 0))) })))),
  })
  return { ladder, deviations, at }
}

/** Rows of N(0, scale²). */
export function spread(count: number, d: number, scale: number, random: Random = createRandom('starts')): Float64Array {
  const rows = new Float64Array(count * d)
  random.fillNormal(rows)
  return rows.map((value) => scale * value)
}

/** Mean of f over draws [draws × chains × d] with its Monte Carlo error. */
export function meanOf(rows: Float64Array, chains: number, d: number, f: (x: Float64Array) => number): { mean: number; error: number } {
  const values = Float64Array.from({ length: rows.length / d }, (_, k) => f(rows.subarray(k * d, (k + 1) * d)))
  const { mean, error } = diagnose({ chains, draws: values.length / chains, at: (c, i) => values[i * chains + c] })
  return { mean, error: error ?? Number.NaN }
}

/**
 * Expects no net flow between cells beyond four of its standard deviations √(there + back), and that a tenth of the chains moved.
 * @param from the cell of each chain before a step
 * @param to after it
 */
export function expectBalance(from: readonly number[], to: readonly number[], cells: number): void {
  const flow = new Float64Array(cells * cells)
  from.forEach((cell, c) => { flow[cell * cells + to[c]]++ })
  let moved = 0
  for (let a = 0; a < cells; a++) {
    for (let b = 0; b < a; b++) {
      const [there, back] = [flow[a * cells + b], flow[b * cells + a]]
      moved += there + back
      if (there + back >= 20) expect(Math.abs(there - back), `${a} ${b}`).toBeLessThan(4 * Math.sqrt(there + back))
    }
  }
  expect(moved).toBeGreaterThan(from.length / 10)
}
