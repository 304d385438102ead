// The densities of parallel tempering: the target on the first rung, ever flatter ones above it.
import type { SphereBlock } from './geometry.ts'
import type { Levels } from './sampler.ts'
import type { Evaluated, Target } from './target.ts'

/** Densities that chains are exchanged between. A batch holds one block of as many chains for each. */
export interface Rungs {
  readonly dimension: number
  readonly spheres?: readonly SphereBlock[]
  readonly count: number
  /**
   * Energies and scores of `count` equal blocks of points.
   * @param rungs which rung each block is evaluated at
   */
  evaluate(points: Float64Array, rungs: ArrayLike<number>): Promise<Evaluated>
}

/** exp(−βE) for inverse temperatures β, the first of which is 1. */
export function temperatures(target: Target, inverse: readonly number[]): Rungs {
  return {
    dimension: target.dimension, count: inverse.length, ...(target.spheres ? { spheres: target.spheres } : {}),
    evaluate: async (points, rungs) => {
      const { energy, score } = await target.evaluate(points)
      const chains = energy.length / inverse.length
      for (let c = 0; c < energy.length; c++) {
        const beta = inverse[rungs[Math.floor(c / chains)]]
        energy[c] *= beta
        for (let k = c * target.dimension; k < (c + 1) * target.dimension; k++) score[k] *= beta
      }
      return { energy, score }
    },
  }
}

/** The noise levels, the lowest first. */
export function noiseRungs(levels: Levels): Rungs {
  const count = levels.variances.length
  return {
    dimension: levels.dimension, count,
    evaluate: async (points, rungs) => {
      const size = points.length / count
      const energy = new Float64Array(points.length / levels.dimension)
      const score = new Float64Array(points.length)
      for (let block = 0; block < count; block++) {
        const part = await levels.at(count - 1 - rungs[block]).evaluate(points.subarray(block * size, (block + 1) * size))
        energy.set(part.energy, block * size / levels.dimension)
        score.set(part.score, block * size)
      }
      return { energy, score }
    },
  }
}
