// The model file: a fitted energy as a standard ONNX model, in the data's own units, with what we know of it as metadata.
import { UnnormError } from '../base/errors.ts'
import { gradient } from '../differentiate/reverse.ts'
import { substitute } from '../differentiate/substitute.ts'
import { vectorize } from '../differentiate/vectorize.ts'
import { ROWS } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { mul, subtract } from '../graph/ops/arithmetic.ts'
import { constant, input } from '../graph/ops/leaf.ts'
import { cast, fill, scale } from '../graph/ops/linear.ts'
import { alongDomain, isDiscrete, isEncoded, pointOf } from '../model/domain.ts'
import type { Ladder, TracedModel } from '../model/model.ts'
import { foldFactors } from './fold-factors.ts'
import { compileOnnx } from './onnx.ts'
import type { Program } from './program.ts'
import { readFields } from './protobuf.ts'

/** How columns were standardized before the network saw them; parametric models see the data as they are. */
export interface Standardization {
  readonly mean: ArrayLike<number>
  readonly deviation: ArrayLike<number>
}

/** What a model file says about itself, under the key `unnorm`. */
export interface ModelMetadata {
  readonly format: 'unnorm.model/1'
  readonly columns: readonly string[]
  readonly domain: string
  readonly model: string
  readonly estimator: string
  /** The noise whose density was learned: its covariance, row-major in the data's units squared; null without noise. */
  readonly noiseCovariance: readonly number[] | null
  /** Present where the noise of the fit was taken out again, so that the density is that of rows without noise: how. */
  readonly noiseCorrection?: string
  /** Standard deviation of the noise per column, in the data's units. */
  readonly noise: readonly number[] | null
  /** Of binary columns: what −1 is written as in each of them, 0 or −1. */
  readonly lowCodes?: readonly number[]
  /** Of angles around: where the turn begins that the rows of the fit lie in, 0 or −180 degrees; null for other columns. */
  readonly turnStarts?: readonly (number | null)[]
  readonly logNormalizer: { readonly value: number; readonly standardError: number | null; readonly method: string } | null
}

/** What a ladder file says about itself: the noise of level t has variance t·deviation² in each column. */
export interface LadderMetadata extends ModelMetadata {
  readonly ladder: Ladder
  readonly deviations: readonly number[]
}

/**
 * The fitted energy as a program: input `x` [rows, d] float64; outputs `energy` [rows], `score` [rows, d] and, when log Z
 * is known, `log_density` [rows], all float64 and in the data's units. Scores lie along the domain; those of angles are by the angle,
 * in degrees; on a binary domain there is no `score`.
 * @param level the noise level t of a noise-conditional energy; 'given': a second input `t` [rows], float64
 */
export function energyProgram(
  model: TracedModel, theta: ArrayLike<number>, standardization: Standardization | undefined, logNormalizer: number | undefined, level?: number | 'given',
): Program {
  const { graph, x, domain } = model
  const [scoreOfPoint] = gradient(model.logDensity, [x])
  const { point, level: variance, express, widen } = oneRow(model, theta, standardization, level)
  const deviation = standardization && Float64Array.from(standardization.deviation, (value) => 1 / value)
  const [logDensity, byPoint] = express([model.logDensity, scoreOfPoint])
  const score = isDiscrete(domain) ? undefined : alongDomain(domain, isEncoded(domain) ? gradient(logDensity, [point])[0] : byPoint, point)
  const energy = scale(widen(logDensity), -1)
  const outputs: Record<string, Node> = {
    energy,
    ...(score === undefined ? {} : { score: deviation ? mul(widen(score), constant(graph, deviation)) : score }),
    ...(logNormalizer === undefined ? {} : { log_density: subtract(fill(graph, -logNormalizer, []), energy) }),
  }
  const rows = input(graph, 'x', [ROWS, domain.columns.length])
  const levels = input(graph, 't', [ROWS])
  const batched = vectorize(Object.values(outputs), new Map(level === 'given' ? [[point, rows], [variance, levels]] : [[point, rows]]), ROWS)
  return {
    name: model.model.name,
    inputs: level === 'given' ? [rows, levels] : [rows],
    outputs: Object.fromEntries(Object.keys(outputs).map((name, k) => [name, batched[k]])),
    type: 'float64',
    rowwise: true,
  }
}

/** One row in the data's units, for a model that sees it as the fit did: standardized, and then in float32, where there is a standardization. */
export function oneRow(model: TracedModel, theta: ArrayLike<number>, standardization: Standardization | undefined, level: number | 'given' | undefined) {
  const { graph, x, domain } = model
  const narrow = (node: Node): Node => (standardization ? cast(node, 'float32') : node)
  const point = input(graph, 'one row', [domain.columns.length])
  const variance = input(graph, 'one level', [])
  const replacements = new Map<Node, Node>([
    [x, standardization ? narrow(mul(subtract(point, constant(graph, standardization.mean)), constant(graph, Float64Array.from(standardization.deviation, (value) => 1 / value)))) : pointOf(domain, point)],
    [model.theta, constant(graph, theta)],
    ...(model.t ? [[model.t, level === 'given' ? narrow(variance) : constant(graph, level ?? 0)] as const] : []),
  ])
  return {
    /** The row [d], and its noise level where that is given, float64. */
    point, level: variance,
    /** Values of the model's inputs, in terms of this row. */
    express: (nodes: readonly Node[]): Node[] => foldFactors(substitute(nodes, replacements)),
    /** What the model computed, as float64. */
    widen: (node: Node): Node => (standardization ? cast(node, 'float64') : node),
  }
}

/** The bytes of `model.onnx`. */
export function writeModelFile(program: Program, metadata: ModelMetadata): Uint8Array {
  return compileOnnx(program, { unnorm: JSON.stringify(metadata) })
}

const MODEL_GRAPH = 7
const MODEL_METADATA = 14

/**
 * What a model file says about itself.
 * @param source the file's name, for the error
 */
export function readModelMetadata(bytes: Uint8Array, source: string): ModelMetadata {
  const text = (part: Uint8Array): string => new TextDecoder().decode(part)
  let found: string | undefined
  let hasGraph = false
  try {
    for (const { field, bytes: content } of readFields(bytes)) {
      if (field === MODEL_GRAPH) hasGraph = true
      if (field !== MODEL_METADATA) continue
      const entry = Object.fromEntries([...readFields(content)].map(({ field: part, bytes: value }) => [part, text(value)]))
      if (entry[1] === 'unnorm') found = entry[2]
    }
  } catch {
    throw new UnnormError('bad-model', `${source} is no ONNX model, or it is cut off: fit the model again, or copy the file again`)
  }
  if (!hasGraph) throw new UnnormError('bad-model', `${source} is no ONNX model, or it is cut off: fit the model again, or copy the file again`)
  if (found === undefined) throw new UnnormError('foreign-model', `${source} is an ONNX model, but not one that unnorm wrote: it does not say its columns and units`)
  const metadata = parsed(found, source)
  if (metadata.format !== 'unnorm.model/1') throw new UnnormError('foreign-model', `${source} has format ${String(metadata.format)}, this version reads unnorm.model/1`)
  return metadata
}

function parsed(text: string, source: string): ModelMetadata {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    found = undefined
  }
  if (typeof found !== 'object' || found === null) throw new UnnormError('bad-model', `${source}: its description is damaged; fit the model again, or copy the file again`)
  return found as ModelMetadata
}

