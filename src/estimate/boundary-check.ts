// Whether what a fit found at the ends of its domain is what its boundary weight was made for.
//
// Integration by parts leaves nothing behind where p·Wφ vanishes at the boundary, and errors are finite where p·g² is integrable, g
// the gradient of a row's objective. Both are told from powers of the distance t to the boundary: p ~ tᵃ, Wφ ~ tᶠ, g ~ tᵐ need
// a + f > 0 and a + 2m > −1. The powers are measured at the estimate, between two small distances.
import type { Warning } from '../base/errors.ts'
import { gradient } from '../differentiate/reverse.ts'
import { vectorize } from '../differentiate/vectorize.ts'
import type { Engine } from '../engine/engine.ts'
import { ROWS } from '../graph/node.ts'
import { mul, subtract } from '../graph/ops/arithmetic.ts'
import { contractAxes } from '../graph/ops/contract.ts'
import { input } from '../graph/ops/leaf.ts'
import { fill } from '../graph/ops/linear.ts'
import { concat } from '../graph/ops/rearrange.ts'
import type { BoundaryWeight } from '../model/domain/boundary-weight.ts'
import type { Part, Side } from '../model/domain/part.ts'
import { elementsAt } from '../model/domain.ts'
import type { TracedModel } from '../model/model.ts'
import type { RowObjective } from './estimator.ts'
import { thinRows } from './row-moments.ts'

const LOOKED_AT_ROWS = 31
/** Distances, in units of the mean distance of the rows. */
const NEAR = 1e-5
const FAR = 1e-3
/** A density lower than at the rows by so many nats is none. */
const NEGLIGIBLE = 23
/** Powers are measured to about this. */
const TOLERANCE = 0.02

interface Estimate {
  readonly theta: Float64Array
  readonly fixed: readonly boolean[] | undefined
}

/**
 * Warnings of boundaries where the objective is biased, or errors are not what they seem.
 * @param fit the estimate, [P], and which parameters were held
 * @param points row-major [n × D]
 */
export async function checkBoundaries(traced: TracedModel, objective: RowObjective, { theta, fixed }: Estimate, points: Float64Array, engine: Engine): Promise<Warning[]> {
  const some = thinRows(points, traced.dimension, LOOKED_AT_ROWS)
  const warnings: Warning[] = []
  for (const part of traced.domain.parts) {
    const { kind } = part
    if (kind === 'binary' || part.sides.length === 0) continue
    const look = await openLook(traced, objective, part, theta, engine)
    const atRows = Math.max(...(await look.at(some)).logDensity)
    for (const side of part.sides) {
      const found = await powersAt(look, side, some, part, traced.dimension, atRows)
      if (found) warnings.push(...judge(found, side, traced, kind, fixed))
    }
    await look.release()
  }
  return warnings
}

interface Look {
  at(points: Float64Array): Promise<{ readonly logDensity: Float64Array; /** [n × P] */ readonly gradients: Float64Array; /** [n × m] */ readonly flux: Float64Array; /** a of W, [n × m] */ readonly weight: Float64Array }>
  release(): Promise<void>
}

async function openLook(traced: TracedModel, objective: RowObjective, part: Part, theta: Float64Array, engine: Engine): Promise<Look> {
  const { graph, x, dimension, logDensity, parameters, boundary } = traced
  const own = elementsAt(x, part.coordinates)
  const score = elementsAt(gradient(logDensity, [x])[0], part.coordinates)
  const metric = part.metric(own, boundary)
  const straight = metric ? mul(metric.diagonal, score) : score
  const flux = metric?.radial ? subtract(straight, mul(own, mul(metric.radial, contractAxes(own, score, [0], [0])))) : straight
  const slopes = concat(gradient(objective.value, parameters.map(({ packed }) => packed)), 0)
  const rows = input(graph, 'rows', [ROWS, dimension])
  const [logDensities, gradients, fluxes, weights] = vectorize([logDensity, slopes, flux, metric?.diagonal ?? fill(graph, 1, own.shape)], new Map([[x, rows]]), ROWS)
  const executable = await engine.prepare({ name: 'boundary', type: 'float64', inputs: [traced.theta, rows], outputs: { logDensities, gradients, fluxes, weights } })
  return {
    at: async (points) => {
      const found = await executable.run({ theta: { shape: [theta.length], data: theta }, rows: { shape: [points.length / dimension, dimension], data: points } })
      return { logDensity: Float64Array.from(found.logDensities.data), gradients: Float64Array.from(found.gradients.data), flux: Float64Array.from(found.fluxes.data), weight: Float64Array.from(found.weights.data) }
    },
    release: () => executable.release(),
  }
}

interface Powers {
  readonly density: number
  readonly flux: number
  readonly weight: number
  /** One a parameter. */
  readonly gradients: readonly number[]
}

/** Powers of the distance from a side; undefined where the density is negligible there. */
async function powersAt(look: Look, side: Side, points: Float64Array, { coordinates }: Part, dimension: number, atRows: number): Promise<Powers | undefined> {
  const count = points.length / dimension
  const own = Array.from({ length: count }, (_, row) => Float64Array.from(coordinates, (k) => points[row * dimension + k]))
  const reach = own.reduce((total, point) => total + Math.abs(side.distance(point)), 0) / count
  const moved = (distance: number): Float64Array => {
    const result = points.slice()
    own.forEach((point, row) => { side.approach(point, distance * reach).forEach((value, k) => { result[row * dimension + coordinates[k]] = value }) })
    return result
  }
  const [near, far] = [await look.at(moved(NEAR)), await look.at(moved(FAR))]
  if (Math.max(...far.logDensity) < atRows - NEGLIGIBLE) return undefined
  const power = (of: (found: typeof near, row: number) => number): number => {
    const all = own.map((_, row) => (of(far, row) - of(near, row)) / Math.log(FAR / NEAR)).filter((value) => !Number.isNaN(value)).sort((a, b) => a - b)
    return all.length === 0 ? Infinity : all[Math.floor(all.length / 2)]
  }
  const width = near.gradients.length / count
  const size = (value: number): number => Math.log(Math.abs(value))
  return {
    density: power((found, row) => found.logDensity[row]),
    flux: power((found, row) => size(found.flux[row * coordinates.length + side.coordinate])),
    weight: power((found, row) => size(found.weight[row * coordinates.length + side.coordinate])),
    gradients: Array.from({ length: width }, (_, k) => power((found, row) => size(found.gradients[row * width + k]))),
  }
}

function judge({ density, flux, weight, gradients }: Powers, side: Side, traced: TracedModel, kind: keyof BoundaryWeight, fixed: Estimate['fixed']): Warning[] {
  const { text } = traced.boundary.weight[kind]
  const shape = Math.abs(density) < TOLERANCE ? 'stays finite' : `behaves like the power ${density.toFixed(2)} of the distance`
  const remedy = `--boundary-weight "${kind === 'simplex' ? 'minsq(0.3)' : '(x/(x + s))^2'}"`
  const isBiased = !(density + flux > TOLERANCE)
  if (isBiased && !(weight > TOLERANCE)) {
    return [{ code: 'boundary-not-vanishing', message: `With the boundary weight ${text} the objective takes for granted that the density vanishes at ${side.text}, where the fitted one ${shape}: the estimates are biased. Use a weight that vanishes there, such as ${remedy}.` }]
  }
  const weak = traced.parameterNames.filter((_, k) => !fixed?.[k] && density + 2 * gradients[k] < -1 + TOLERANCE)
  if (isBiased) return [{ code: 'weak-boundary-weight', message: `The boundary weight ${text} is too weak at ${side.text}, where the fitted density ${shape}: the estimates are biased. Use a weight that falls faster, such as ${remedy}.` }]
  if (weak.length === 0) return []
  return [{ code: 'weak-boundary-weight', message: `The boundary weight ${text} is too weak at ${side.text}, where the fitted density ${shape}: ${weak.slice(0, 6).join(', ')}${weak.length > 6 ? ', …' : ''} ${weak.length === 1 ? 'has' : 'have'} no finite variance there, and intervals need not cover. Use a weight that falls faster, such as ${remedy}.` }]
}
