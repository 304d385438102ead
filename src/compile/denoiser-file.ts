// The denoiser of a fit as a standard ONNX model: what a noisy row tells of the clean one, its mean and covariance.
//
// x̃ = x + n, n ~ N(0, C): E{x|x̃} = x̃ + Cφ(x̃) (Robbins 1956, Miyasawa 1961) and Cov{x|x̃} = C + C ∇φ(x̃) C, the second-order
// identity (Efron 2011, section 2), both exact for the score of the noisy density. ∇φ is differentiated on the graph.
import { gradient } from '../differentiate/reverse.ts'
import { jacobian } from '../differentiate/second-order.ts'
import { vectorize } from '../differentiate/vectorize.ts'
import { ROWS } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { add, mul, square } from '../graph/ops/arithmetic.ts'
import { matmul } from '../graph/ops/contract.ts'
import { constant, input } from '../graph/ops/leaf.ts'
import type { TracedModel } from '../model/model.ts'
import { oneRow } from './model-file.ts'
import type { Standardization } from './model-file.ts'
import type { Program } from './program.ts'

/** The noise of a denoiser: one covariance, row-major [d × d] in the data's units squared; 'given': t·deviation² in each column, t a second input. */
export type DenoiserNoise = ArrayLike<number> | 'given'

/**
 * The program: input `x` [rows, d] float64, the noisy rows in the data's units (and `t` [rows] for a ladder of levels);
 * outputs `denoised` [rows, d] and `covariance` [rows, d, d], float64 and in the data's units.
 * @param model of rows with noise, not a corrected one
 */
export function denoiserProgram(model: TracedModel, theta: ArrayLike<number>, standardization: Standardization | undefined, noise: DenoiserNoise): Program {
  const { graph, x, dimension: d } = model
  const [score] = gradient(model.logDensity, [x])
  const [bend] = jacobian([score], x)
  const { point, level, express, widen } = oneRow(model, theta, standardization, noise === 'given' ? 'given' : undefined)
  const [slope, hessian] = express([score, bend]).map(widen)
  const rows = input(graph, 'x', [ROWS, d])
  const levels = input(graph, 't', [ROWS])
  const [mean, covariance] = noise === 'given' ? onLadder(point, level, slope, hessian, standardization!) : atOneLevel(point, slope, hessian, standardization, noise)
  const batches = new Map<Node, Node>([[point, rows], ...(noise === 'given' ? [[level, levels] as const] : [])])
  const [denoised, covariances] = vectorize([mean, covariance], batches, ROWS)
  return { name: 'denoiser', inputs: noise === 'given' ? [rows, levels] : [rows], outputs: { denoised, covariance: covariances }, type: 'float64' }
}

/** C + CD⁻¹ ∇∇log p D⁻¹C, with the derivatives by y = D⁻¹(x − mean). */
function atOneLevel(point: Node, slope: Node, hessian: Node, standardization: Standardization | undefined, noise: ArrayLike<number>): [mean: Node, covariance: Node] {
  const { graph, shape: [d] } = point
  const matrix = (entry: (k: number) => number): Node => constant(graph, Float64Array.from({ length: d * d }, (_, k) => entry(k)), [d, d])
  const right = matrix((k) => noise[k] / (standardization?.deviation[k % d] ?? 1))
  const left = matrix((k) => noise[k] / (standardization?.deviation[Math.floor(k / d)] ?? 1))
  return [add(point, matmul(right, slope)), add(matrix((k) => noise[k]), matmul(right, matmul(hessian, left)))]
}

/** With C = tD²: tD(I + t ∇∇log p)D. */
function onLadder(point: Node, level: Node, slope: Node, hessian: Node, { deviation }: Standardization): [mean: Node, covariance: Node] {
  const { graph, shape: [d] } = point
  const units = constant(graph, deviation)
  const products = constant(graph, Float64Array.from({ length: d * d }, (_, k) => deviation[Math.floor(k / d)] * deviation[k % d]), [d, d])
  const squares = constant(graph, Float64Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? deviation[k % d] ** 2 : 0)), [d, d])
  return [
    add(point, mul(mul(level, units), slope)),
    add(mul(level, squares), mul(mul(square(level), products), hessian)),
  ]
}
