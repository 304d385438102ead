// What is quadratic in x, as a combination of the monomials 1, yᵢ and yᵢyⱼ of whitened rows y = L⁻¹(x − m): found exactly from its
// values at as many points as there are monomials. Sums over rows are then sums of few monomials.
import { multiply } from '../base/linear-algebra.ts'
import { vectorize } from '../differentiate/vectorize.ts'
import type { Engine, Values } from '../engine/engine.ts'
import { ROWS } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { mul } from '../graph/ops/arithmetic.ts'
import { input } from '../graph/ops/leaf.ts'
import { fill } from '../graph/ops/linear.ts'
import { concat, gather } from '../graph/ops/rearrange.ts'
import { unwhiten } from './row-moments.ts'
import type { CholeskyFactor } from './row-moments.ts'

/** Where rows stand and how they spread: m and L. */
export interface Whitening {
  readonly mean: Float64Array
  readonly factor: CholeskyFactor
}

/** How many monomials a point of d columns has. */
export const monomialCount = (dimension: number): number => 1 + dimension + (dimension * (dimension + 1)) / 2

/** Pairs i ≤ j of columns, in the order of their products. */
const pairsOf = (dimension: number): [number, number][] => Array.from({ length: dimension }, (_, i) => i).flatMap((i) => Array.from({ length: dimension - i }, (_, k): [number, number] => [i, i + k]))

/** 1, y and the products yᵢyⱼ, i ≤ j, of a whitened point [d]. */
export function monomials(y: Node): Node {
  const pairs = pairsOf(y.shape[0])
  return concat([fill(y.graph, 1, [1]), y, mul(gather(y, 0, pairs.map(([i]) => i)), gather(y, 0, pairs.map(([, j]) => j)))], 0)
}

/**
 * The coefficients of values [length] that are quadratic in x, row-major [monomials × length].
 * @param feeds of inputs other than x
 */
export async function interpolate(value: Node, x: Node, inputs: readonly Node[], feeds: Readonly<Record<string, Values>>, { mean, factor }: Whitening, engine: Engine): Promise<Float64Array> {
  const { dimension } = factor
  const rows = input(value.graph, 'rows', [ROWS, dimension])
  const [all] = vectorize([value], new Map([[x, rows]]), ROWS)
  const executable = await engine.prepare({ name: 'interpolation', inputs: [...inputs, rows], outputs: { all }, type: 'float64' })
  const columns = Array.from({ length: dimension }, (_, j) => j)
  const pairs = pairsOf(dimension)
  // 0, eⱼ, −eⱼ, and eᵢ + eⱼ for i < j.
  const steps: [number, number][][] = [[], ...columns.map((j): [number, number][] => [[j, 1]]), ...columns.map((j): [number, number][] => [[j, -1]]), ...pairs.flatMap(([i, j]): [number, number][][] => (i < j ? [[[i, 1], [j, 1]]] : []))]
  const points = new Float64Array(steps.length * dimension)
  steps.forEach((step, k) => { for (const [j, by] of step) points[k * dimension + j] += by })
  const { all: { data, shape: [, length] } } = await executable.run({ ...feeds, rows: { shape: [steps.length, dimension], data: unwhiten(points, mean, factor) } })
  await executable.release()
  const at = (point: number, k: number): number => data[point * length + k]
  const up = (j: number, k: number): number => at(1 + j, k)
  const down = (j: number, k: number): number => at(1 + dimension + j, k)
  const coefficients = new Float64Array(steps.length * length)
  for (let k = 0; k < length; k++) {
    const zero = at(0, k)
    coefficients[k] = zero
    for (const j of columns) coefficients[(1 + j) * length + k] = (up(j, k) - down(j, k)) / 2
    let crossed = 1 + 2 * dimension
    pairs.forEach(([i, j], p) => {
      coefficients[(1 + dimension + p) * length + k] = i === j ? (up(i, k) + down(i, k)) / 2 - zero : at(crossed++, k) - up(i, k) - up(j, k) + zero
    })
  }
  return coefficients
}

/** CᵀMC for coefficients C, row-major [monomials × length]. */
export function inCoefficients(products: Float64Array, coefficients: Float64Array, length: number): Float64Array {
  const count = coefficients.length / length
  const half = multiply(products, coefficients, count, count, length)
  const result = new Float64Array(length * length)
  for (let m = 0; m < count; m++) {
    for (let i = 0; i < length; i++) {
      const factor = coefficients[m * length + i]
      if (factor !== 0) for (let j = 0; j < length; j++) result[i * length + j] += factor * half[m * length + j]
    }
  }
  return result
}
