// The model record, and tracing: running the user's function once, on one point, to get its graph.
import { counted } from '../base/counted.ts'
import { UnnormError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import { dependents, Graph, showShape, topological } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { input } from '../graph/ops/leaf.ts'
import { defaultWeight } from './domain/boundary-weight.ts'
import type { Boundary, BoundaryWeight } from './domain/boundary-weight.ts'
import { domain as domainOf, isDiscrete, real } from './domain.ts'
import type { Domain, PlacedDomain } from './domain.ts'
import { Expression } from './expression.ts'
import type { Parameter, Placed } from './parameters.ts'
import { elementNames, place } from './parameters.ts'
import { userLine } from './user-line.ts'

/** Quantities computed from the natural parameters that users want reported, like a mean from precision and η. */
export interface Reported {
  /** Names for d columns. */
  names(dimension: number): readonly string[]
  /**
   * Values for natural parameters given by name in packed form (symmetric matrices: i ≤ j).
   * Undefined where they do not exist (a precision that is not positive definite has no mean).
   */
  values(natural: Readonly<Record<string, Float64Array>>, dimension: number): readonly number[] | undefined
}

/** An energy-based model: p(x; θ) = exp(logDensity) / Z(θ). */
export interface Model {
  readonly name: string
  /** The unnormalized log-density in words a person reads. */
  readonly formula: string
  /** The same as TeX, where there is one. */
  readonly tex: string | undefined
  /** Where it lives unless the user says otherwise. */
  readonly domain: Domain
  /** The largest domain it can be given, where that is larger than its own. */
  readonly within: Domain | undefined
  /** Its own default weight of columns with a bound, where it has one. */
  readonly boundaryWeight: BoundaryWeight['box'] | undefined
  /** Parametric models are interpreted and fitted in the data's units; networks are not, and are fitted on standardized columns. */
  readonly kind: 'parametric' | 'network'
  /** The parameters for d columns. */
  parameters(dimension: number): Readonly<Record<string, Parameter>>
  /** The unnormalized log-density of one point x [d]: a scalar. A noise-conditional energy also uses t, the variance of the added Gaussian noise. */
  logDensity(parameters: Readonly<Record<string, Expression>>, x: Expression, t: Expression): Expression
  /** What it was fixed to before its parameters were estimated, as inducing points: for `fit.json`. */
  readonly details: Readonly<Record<string, unknown>> | undefined
  readonly reported: Reported | undefined
  /** log Z in closed form for natural parameters by name, where the family has one; undefined where it is infinite. */
  readonly logNormalizer: ((natural: Readonly<Record<string, Float64Array>>, dimension: number) => number | undefined) | undefined
  /** Start values for all of θ, where they should depend on more than each parameter alone. */
  readonly initial: ((random: Random, dimension: number) => Float64Array) | undefined
  /** The model that is fitted, once the rows are known. Undefined for models that ask nothing of the rows. */
  readonly forRows: ((about: AboutRows) => Model) | undefined
  /** What `--fix NAME` may hold of it besides single parameters. */
  readonly holds: Readonly<Record<string, Hold>>
}

/** Something of a parameter that the rows settle at once, so that less of it is free: a direction whose length alone is estimated. */
export interface Hold {
  /** What is held at what: one sentence without a final stop. */
  readonly sentence: string
  /** The parameter whose packed values are `columns` times the free ones. */
  readonly parameter: string
  /**
   * @param rows row-major [n × d]
   * @param weights of the rows, [n]; all alike if left out
   */
  restrict(rows: Float64Array, dimension: number, weights?: ArrayLike<number>): HeldParameter
}

/** A parameter as a linear function of fewer numbers. */
export interface HeldParameter {
  /** Of the free numbers. */
  readonly names: readonly string[]
  readonly positive: readonly boolean[]
  /** Row-major [size of the parameter × free]. */
  readonly columns: Float64Array
  /** Where a search starts, [free]. */
  readonly start: Float64Array
}

/** Noise levels an energy is fitted at: variances t of noise added to every column, in the units of the objective. */
export interface Ladder {
  /** The resolution: the density reported is that of the data with noise of this variance. */
  readonly least: number
  /** Where the noisy data are nearly Gaussian. */
  readonly most: number
}

/** What a model may be made from. */
export interface AboutRows {
  readonly dimension: number
  /** Covariance of the standardized columns with the noise of a fit at one level, row-major [d × d], positive definite. */
  readonly covariance: Float64Array
  /** The levels of a fit at many. */
  readonly ladder: Ladder | undefined
  /** Some of the rows that are fitted, at most 10 000, spread evenly over them: row-major [n × d], in the data's units. */
  rows(): Float64Array
  /** Mean [d] and covariance (row-major [d × d], divisor n, positive definite) of these rows. */
  moments(): { readonly mean: Float64Array; readonly covariance: Float64Array }
}

export interface ModelDefinition<Names extends string> {
  readonly name: string
  /** Parameters by name, or a function of the number of columns. */
  readonly parameters: Readonly<Record<Names, Parameter>> | ((dimension: number) => Readonly<Record<Names, Parameter>>)
  /** Where x lives, as a record or as it is written (`x > 0, simplex(a, b, c)`); ℝᵈ by default. */
  readonly domain?: Domain | string
  readonly within?: Domain | string
  readonly boundaryWeight?: BoundaryWeight['box']
  /** The unnormalized log-density (−energy) of ONE point. Called once, with expressions in place of numbers. */
  readonly logDensity: (parameters: Readonly<Record<Names, Expression>>, x: Expression, t: Expression) => Expression
  readonly formula?: string
  readonly tex?: string
  readonly kind?: Model['kind']
  readonly details?: Model['details']
  readonly reported?: Reported
  readonly logNormalizer?: Model['logNormalizer']
  readonly initial?: Model['initial']
  readonly forRows?: Model['forRows']
  readonly holds?: Model['holds']
}

/** Makes a model of a name, parameters and an unnormalized log-density. */
export function defineModel<Names extends string>(definition: ModelDefinition<Names>): Model {
  const { name, parameters, logDensity } = definition
  if (typeof name !== 'string' || name === '') throw new UnnormError('model', 'defineModel: a model needs a name')
  if (typeof logDensity !== 'function') throw new UnnormError('model', `model ${name}: logDensity must be a function of (parameters, x)`)
  if (parameters === undefined) throw new UnnormError('model', `model ${name}: parameters are missing (an empty record if there are none)`)
  return {
    name,
    formula: definition.formula ?? sourceOf(logDensity),
    tex: definition.tex,
    domain: recordOf(definition.domain) ?? real(),
    within: recordOf(definition.within),
    boundaryWeight: definition.boundaryWeight,
    kind: definition.kind ?? 'parametric',
    parameters: (dimension) => (typeof parameters === 'function' ? parameters(dimension) : parameters),
    logDensity: logDensity as Model['logDensity'],
    details: definition.details,
    reported: definition.reported,
    logNormalizer: definition.logNormalizer,
    initial: definition.initial,
    forRows: definition.forRows,
    holds: definition.holds ?? {},
  }
}

const recordOf = (domain: Domain | string | undefined): Domain | undefined => (typeof domain === 'string' ? domainOf(domain) : domain)

/** The function's own text, shortened: what a user recognizes. */
function sourceOf(logDensity: (...inputs: never[]) => unknown): string {
  const text = logDensity.toString().replace(/\s+/g, ' ')
  return text.length > 300 ? `${text.slice(0, 297)}…` : text
}

/** A model for d columns, as a graph for one point. */
export interface TracedModel {
  readonly model: Model
  readonly graph: Graph
  readonly domain: PlacedDomain
  /** The weight at the ends of the domain. */
  readonly boundary: Boundary
  /** Coordinates of a point: the columns, but for angles, which stand for a unit vector; −1 and +1 for binary columns. */
  readonly dimension: number
  /** One point, [d]. */
  readonly x: Node
  /** The variance of the noise added to every column, a scalar; undefined for an energy that does not use it. */
  readonly t: Node | undefined
  /** All parameters, packed, [parameterCount]. */
  readonly theta: Node
  readonly parameters: readonly Placed[]
  readonly parameterCount: number
  /** Names of the elements of θ. */
  readonly parameterNames: readonly string[]
  /** Which of them must be > 0. */
  readonly positive: readonly boolean[]
  /** The unnormalized log-density, a scalar. */
  readonly logDensity: Node
}

/** The model's own domain for these columns. */
export function ownDomain(model: Model, columns: readonly string[]): PlacedDomain {
  const { dimension } = model.domain
  if (dimension !== undefined && dimension !== columns.length) {
    throw new UnnormError('dimension', `model ${model.name} is for ${counted(dimension, 'column')}, the data have ${columns.length}: choose columns with --columns`)
  }
  return model.domain.over(columns)
}

/** The boundary weight of a fit that is told no other. */
export const weightOf = ({ boundaryWeight }: Model): BoundaryWeight => (boundaryWeight ? { ...defaultWeight, box: boundaryWeight } : defaultWeight)

/**
 * Runs the model's function on one symbolic point and checks what came out.
 * @param over the domain, or a number of columns for the model's own
 * @param boundary the weight where the domain ends; the default for distances of about one unless given
 */
export function trace(model: Model, over: PlacedDomain | number, boundary?: Boundary): TracedModel {
  const domain = typeof over === 'number' ? ownDomain(model, Array.from({ length: over }, (_, j) => `x${j + 1}`)) : over
  const dimension = domain.coordinates.length
  const graph = new Graph()
  graph.locate = userLine
  const parameters = model.parameters(dimension)
  const parameterCount = Object.values(parameters).reduce((total, parameter) => total + parameter.size, 0)
  const theta = input(graph, 'theta', [parameterCount])
  const x = input(graph, 'x', [dimension])
  const t = input(graph, 't', [])
  const placed = place(theta, parameters)
  const named = unknownNamesRefused(model, Object.fromEntries(placed.map(({ name, value }) => [name, new Expression(value)])))
  const logDensity = runModel(model, named, new Expression(x), new Expression(t))
  const usesNoise = dependents([logDensity], [t]).has(logDensity)
  if (!isDiscrete(domain)) checkSmooth(model, logDensity, [x, t])
  graph.locate = undefined
  return {
    model, graph, domain, boundary: boundary ?? { weight: weightOf(model), scales: new Array<number>(dimension).fill(1) }, dimension, x, t: usesNoise ? t : undefined, theta, parameterCount, logDensity,
    parameters: placed,
    parameterNames: placed.flatMap(({ name, parameter }) => elementNames(name, parameter)),
    positive: placed.flatMap(({ parameter }) => new Array<boolean>(parameter.size).fill(parameter.constraint === 'positive')),
  }
}

/** Start values of all parameters: the model's own, or each parameter's. */
export function initialValues({ model, dimension, parameters, parameterCount }: TracedModel, random: Random): Float64Array {
  const theta = new Float64Array(parameterCount)
  const together = model.initial?.(random, dimension)
  if (together) theta.set(together)
  else for (const { parameter, start, name } of parameters) theta.set(parameter.initial(random.split(name)), start)
  return theta
}

function runModel(model: Model, parameters: Readonly<Record<string, Expression>>, x: Expression, t: Expression): Node {
  let result: unknown
  try {
    result = model.logDensity(parameters, x, t)
  } catch (error) {
    if (error instanceof UnnormError) throw new UnnormError(error.code, `model ${model.name}: ${error.message}`)
    const where = /\(?((?:file:\/\/)?[^\s()]+:\d+):\d+\)?/.exec(((error as Error).stack ?? '').split('\n')[1] ?? '')?.[1]
    throw new UnnormError('model', `model ${model.name} throws: ${(error as Error).message}${where ? ` (${where})` : ''}`)
  }
  if (!(result instanceof Expression)) {
    throw new UnnormError('model', `model ${model.name}: logDensity returned ${describe(result)}; it must return a scalar value built from x and the parameters`)
  }
  if (result.shape.length !== 0) {
    throw new UnnormError('model', `model ${model.name}: logDensity returned shape ${showShape(result.shape)}; it must return a scalar (sum over the elements?)`)
  }
  return result.node
}

const describe = (value: unknown): string => (value === undefined ? 'nothing' : typeof value === 'number' ? `the plain number ${value}` : `a ${typeof value}`)

/** Reading a parameter that does not exist is a mistake to name, not undefined. */
function unknownNamesRefused(model: Model, parameters: Record<string, Expression>): Record<string, Expression> {
  return new Proxy(parameters, {
    get: (target, name) => {
      if (typeof name === 'string' && !(name in target)) {
        const where = userLine()
        throw new UnnormError('model', `unknown parameter ${name}${where ? ` (${where})` : ''}; model ${model.name} has ${Object.keys(target).join(', ') || 'none'}`)
      }
      return target[name as string]
    },
  })
}

/** A node with a kink or jump on the way from inputs to a value; undefined where the value is smooth in them. */
export function kinkBetween(inputs: readonly Node[], value: Node): Node | undefined {
  const onTheWay = dependents([value], inputs)
  return topological([value]).find((node) => !node.op.smooth && onTheWay.has(node))
}

/**
 * Refuses a kink between x and the output: Hyvärinen's integration by parts needs a score that is continuous, and with
 * a kink J̃ loses the boundary terms without any sign of it.
 */
function checkSmooth(model: Model, logDensity: Node, inputs: readonly Node[]): void {
  const kink = kinkBetween(inputs, logDensity)
  if (!kink) return
  throw new UnnormError(
    'kink',
    `model ${model.name}: ${kink.op.name} of x has a kink or jump${kink.origin ? ` (${kink.origin})` : ''}, so the score-matching objective would be silently wrong. `
    + 'Use a smooth form: softplus for max(·, 0) and ReLU, sqrt(a² + ε²) for |a|, logSumExp for max.',
  )
}
