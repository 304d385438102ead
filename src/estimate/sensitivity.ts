// How an estimate hangs on its rows, and the fitted score and log-density on the estimate: what corrects a statistic for the
// parameters in it having been estimated from the same rows.
//
// θ̂ minimizes the mean of ρ(xᵢ; θ), so θ̂ − θ ≈ mean of −A⁻¹∇ρ(xᵢ), A the Hessian of the mean: the influence function of an
// M-estimator (Hampel 1974; Huber 1981, section 3.2).
import { multiply } from '../base/linear-algebra.ts'
import { gradient } from '../differentiate/reverse.ts'
import { vectorize } from '../differentiate/vectorize.ts'
import type { Engine } from '../engine/engine.ts'
import { ROWS } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { input } from '../graph/ops/leaf.ts'
import { reshape } from '../graph/ops/linear.ts'
import { concat, slice } from '../graph/ops/rearrange.ts'
import type { TracedModel } from '../model/model.ts'
import type { Curvature } from './curvature.ts'
import { metricOf, radialOfColumns } from './domain-metric.ts'
import type { RowWeights } from './domain-metric.ts'
import type { RowObjective } from './estimator.ts'
import type { Weighting } from './weighting.ts'

/** Of a fit without noise. Rows are points that the model sees, row-major [n × d]: in the data's units, or unit vectors of angles. */
export interface Sensitivity {
  readonly parameterCount: number
  /** −A⁻¹∇ρ of each row: how it moves the estimate, times the number of rows that were fitted; [n × P], zero for what was not free. */
  influences(rows: Float64Array): Promise<Float64Array>
  /** φ at each row, [n × d]. */
  scores(rows: Float64Array): Promise<Float64Array>
  /** ∂φ/∂θ at each row, [n × d × P]. */
  scoreSlopes(rows: Float64Array): Promise<Float64Array>
  /** ∂(unnormalized log p)/∂θ at each point, [n × P]. */
  logDensitySlopes(points: Float64Array): Promise<Float64Array>
  /** The weights of the objective at each row, where the domain ends or is curved; undefined elsewhere. */
  weights(rows: Float64Array): Promise<RowWeights | undefined>
  release(): Promise<void>
}

/** Numbers that one run may give back. */
const CHUNK_ELEMENTS = 2 ** 21

/** What was fitted, over the parameters that were free. */
export interface FreeFit {
  readonly traced: TracedModel
  /** What was minimized, without draws. */
  readonly objective: RowObjective
  readonly theta: Float64Array
  /** Of the mean objective at `theta`. */
  readonly curvature: Curvature
}

/** The sensitivity of a fit; programs are prepared when first asked for. */
export function openSensitivity({ traced, objective, theta, curvature: { basis, signs } }: FreeFit, engine: Engine): Sensitivity {
  const { graph, dimension: d, parameterCount: size, x } = traced
  const packed = traced.parameters.map((parameter) => parameter.packed)
  const slopesOf = (value: Node): Node => concat(gradient(value, packed), 0)
  const open: Promise<{ release(): Promise<void> }>[] = []

  /** A program from rows to `width` numbers each, prepared when first asked for. */
  const perRow = (name: string, make: () => Node, width: number) => {
    let prepared: ReturnType<Engine['prepare']> | undefined
    return async (rows: Float64Array): Promise<Float64Array> => {
      if (!prepared) {
        const batch = input(graph, 'rows', [ROWS, d])
        const [values] = vectorize([make()], new Map([[x, batch]]), ROWS)
        open.push(prepared = engine.prepare({ name, type: 'float64', inputs: [batch, traced.theta], outputs: { values } }))
      }
      const executable = await prepared
      const count = rows.length / d
      const result = new Float64Array(count * width)
      const most = Math.max(1, Math.floor(CHUNK_ELEMENTS / width))
      for (let first = 0; first < count; first += most) {
        const part = Math.min(most, count - first)
        const { values } = await executable.run({ theta: { shape: [size], data: theta }, rows: { shape: [part, d], data: rows.subarray(first * d, (first + part) * d) } })
        result.set(values.data, first * width)
      }
      return result
    }
  }

  const metric = metricOf(traced)
  const metricOfRows = perRow('weights of rows', () => concat([metric!.diagonal, radialOfColumns(traced, metric!), metric!.divergence], 0), 3 * d)
  const gradients = perRow('gradients of rows', () => slopesOf(objective.value), size)
  return {
    parameterCount: size,
    influences: async (rows) => {
      const seen = multiply(await gradients(rows), basis.columns, rows.length / d, size, basis.count)
      seen.forEach((value, k) => { seen[k] = -value * signs[k % basis.count] })
      const { columns, count } = basis
      const back = Float64Array.from({ length: columns.length }, (_, k) => columns[(k % size) * count + Math.floor(k / size)])
      return multiply(seen, back, rows.length / d, count, size)
    },
    scores: perRow('scores', () => gradient(traced.logDensity, [x])[0], d),
    scoreSlopes: perRow('slopes of the score', () => {
      const [score] = gradient(traced.logDensity, [x])
      return concat(Array.from({ length: d }, (_, j) => slopesOf(reshape(slice(score, 0, j, 1), []))), 0)
    }, d * size),
    weights: async (rows) => {
      if (metric === undefined) return undefined
      const all = await metricOfRows(rows)
      const third = (k: number): Float64Array => {
        const part = new Float64Array(rows.length)
        for (let row = 0; row < rows.length / d; row++) part.set(all.subarray((3 * row + k) * d, (3 * row + k + 1) * d), row * d)
        return part
      }
      return { diagonal: third(0), radial: third(1), divergence: third(2), part: Array.from({ length: d }, (_, j) => traced.domain.parts.findIndex(({ coordinates }) => coordinates.includes(j))) }
    },
    logDensitySlopes: perRow('slopes of the log-density', () => slopesOf(traced.logDensity), size),
    release: async () => {
      for (const executable of open) await (await executable).release()
    },
  }
}

/**
 * How each cluster moves the estimate: Σ wᵢaᵢ of its rows over the number of rows, [C × P].
 * @param rows all that were fitted, row-major [n × dimension]
 */
export async function clusterInfluences(sensitivity: Sensitivity, rows: Float64Array, dimension: number, { weights, clusters }: Weighting): Promise<Float64Array> {
  const { parameterCount: size } = sensitivity
  const count = rows.length / dimension
  const sums = new Float64Array(clusters!.count * size)
  const most = Math.max(1, Math.floor(CHUNK_ELEMENTS / size))
  for (let first = 0; first < count; first += most) {
    const own = await sensitivity.influences(rows.subarray(first * dimension, (first + most) * dimension))
    own.forEach((value, e) => {
      const row = first + Math.floor(e / size)
      sums[clusters!.of[row] * size + (e % size)] += (weights ? weights[row] : 1) * value / count
    })
  }
  return sums
}
