// Random expressions with two readings: as a graph, and as plain arithmetic that knows nothing of the ops, with error bounds.
//
// The plain reading carries, beside each number, a first-order bound on how much rounding may move it, in units of the
// machine's precision (Wilkinson's running error analysis: |∂f/∂a|·error of a, summed, plus |f|). So no tolerance is guessed.
import fc from 'fast-check'
import { Graph } from '../../src/graph/node.ts'
import type { Node, Shape } from '../../src/graph/node.ts'
import { add, divide, mul, power, reciprocal, sqrt, square, subtract } from '../../src/graph/ops/arithmetic.ts'
import { logSumExp } from '../../src/graph/ops/compound.ts'
import { contractOp } from '../../src/graph/ops/contract.ts'
import { exp, log, log1p } from '../../src/graph/ops/exponential.ts'
import { expm1, tanh } from '../../src/graph/ops/hyperbolic.ts'
import { constant, input } from '../../src/graph/ops/leaf.ts'
import { expand, fill, reshape, scale, sum, transpose } from '../../src/graph/ops/linear.ts'
import { abs, maximum, minimum } from '../../src/graph/ops/piecewise.ts'
import { concat, gather, pad, scatterOp, slice } from '../../src/graph/ops/rearrange.ts'
import { sigmoid, silu, softplus } from '../../src/graph/ops/sigmoidal.ts'
import { atan, cos, sin } from '../../src/graph/ops/trigonometric.ts'
import { tensor } from '../../src/graph/tensor.ts'
import type { Tensor } from '../../src/graph/tensor.ts'

/** Numbers with the bounds of their rounding errors, in units of machine precision. */
export interface Bounded extends Tensor {
  readonly error: Float64Array
}

type Index = readonly number[]
/** One number with its bound. */
type Cell = readonly [value: number, error: number]

interface Recipe {
  readonly shape: Shape
  readonly parts: readonly Recipe[]
  readonly text: string
  readonly input?: number
  build(graph: Graph, parts: readonly Node[]): Node
  compute(parts: readonly ((at: Index) => Cell)[], at: Index): Cell
}

export interface RandomExpression {
  readonly text: string
  /** The expression as a graph. */
  readonly output: Node
  readonly inputs: readonly Node[]
  readonly values: readonly Tensor[]
  /** Its value in plain arithmetic, at other inputs too. */
  plain(values?: readonly Tensor[]): Bounded
}

const size = (shape: Shape): number => shape.reduce((product, length) => product * length, 1)

function indexOf(position: number, shape: Shape): number[] {
  const index = new Array<number>(shape.length)
  let rest = position
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis]
    rest = Math.floor(rest / shape[axis])
  }
  return index
}
const positionOf = (index: Index, shape: Shape): number => shape.reduce((position, length, axis) => position * length + index[axis], 0)
const indices = (shape: Shape): number[][] => Array.from({ length: size(shape) }, (_, k) => indexOf(k, shape))

function plainValue(recipe: Recipe, values: readonly Tensor[], known: Map<Recipe, Bounded>): Bounded {
  const before = known.get(recipe)
  if (before) return before
  const parts = recipe.parts.map((part) => {
    const { shape, data, error } = plainValue(part, values, known)
    return (at: Index): Cell => [data[positionOf(at, shape)], error[positionOf(at, shape)]]
  })
  const cells = indices(recipe.shape).map((at): Cell => {
    if (recipe.input !== undefined) return [values[recipe.input].data[positionOf(at, recipe.shape)], 0]
    return recipe.compute(parts, at)
  })
  const found = { shape: recipe.shape, data: Float64Array.from(cells, ([value]) => value), error: Float64Array.from(cells, ([, error]) => error) }
  known.set(recipe, found)
  return found
}

// ---- functions of one and of two numbers -------------------------------------------------------------------------

interface Unary { readonly name: string; readonly build: (a: Node) => Node; readonly value: (a: number) => number; readonly slope: (a: number) => number; readonly smooth?: false }
const logistic = (a: number): number => 1 / (1 + Math.exp(-a))
const plusOne = (a: Node): Node => add(a, fill(a.graph, 1, []))

/** Bounded where it matters: no value leaves the range of ordinary numbers, no argument a function's domain. */
const unary: readonly Unary[] = [
  { name: 'square', build: square, value: (a) => a * a, slope: (a) => 2 * a },
  { name: 'cube', build: (a) => power(tanh(a), 3), value: (a) => Math.tanh(a) ** 3, slope: () => 3 },
  { name: 'exp∘tanh', build: (a) => exp(tanh(a)), value: (a) => Math.exp(Math.tanh(a)), slope: () => Math.E },
  { name: 'expm1∘tanh', build: (a) => expm1(tanh(a)), value: (a) => Math.expm1(Math.tanh(a)), slope: () => Math.E },
  { name: 'log∘(1 + ²)', build: (a) => log(plusOne(square(a))), value: (a) => Math.log(1 + a * a), slope: () => 2 },
  { name: 'log1p∘²', build: (a) => log1p(square(a)), value: (a) => Math.log1p(a * a), slope: () => 2 },
  { name: '√∘(1 + ²)', build: (a) => sqrt(plusOne(square(a))), value: (a) => Math.sqrt(1 + a * a), slope: () => 1 },
  { name: '1/(1 + ²)', build: (a) => reciprocal(plusOne(square(a))), value: (a) => 1 / (1 + a * a), slope: () => 2 },
  { name: '^2.5∘(1 + tanh²)', build: (a) => power(plusOne(square(tanh(a))), 2.5), value: (a) => (1 + Math.tanh(a) ** 2) ** 2.5, slope: () => 20 },
  { name: 'sin', build: sin, value: Math.sin, slope: () => 1 },
  { name: 'cos', build: cos, value: Math.cos, slope: () => 1 },
  { name: 'atan', build: atan, value: Math.atan, slope: () => 1 },
  { name: 'tanh', build: (a) => tanh(a), value: Math.tanh, slope: () => 1 },
  { name: 'sigmoid', build: (a) => sigmoid(a), value: logistic, slope: () => 1 },
  { name: 'silu', build: (a) => silu(a), value: (a) => a * logistic(a), slope: () => 1.2 },
  { name: 'softplus', build: softplus, value: (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))), slope: () => 1 },
  { name: 'abs', build: abs, value: Math.abs, slope: () => 1, smooth: false },
]

interface Binary { readonly name: string; readonly build: (a: Node, b: Node) => Node; readonly cell: (a: Cell, b: Cell) => Cell; readonly smooth?: false }
const binary: readonly Binary[] = [
  { name: '+', build: add, cell: ([a, ea], [b, eb]) => [a + b, ea + eb + Math.abs(a) + Math.abs(b)] },
  { name: '−', build: subtract, cell: ([a, ea], [b, eb]) => [a - b, ea + eb + Math.abs(a) + Math.abs(b)] },
  { name: '·', build: mul, cell: ([a, ea], [b, eb]) => [a * b, Math.abs(a) * eb + Math.abs(b) * ea + Math.abs(a * b)] },
  {
    name: '/(1 + ²)', build: (a, b) => divide(a, plusOne(square(b))),
    cell: ([a, ea], [b, eb]) => [a / (1 + b * b), (ea + 2 * Math.abs(a) * (eb + 1)) / (1 + b * b)],
  },
  { name: 'min', build: minimum, cell: ([a, ea], [b, eb]) => [Math.min(a, b), Math.max(ea, eb)], smooth: false },
  { name: 'max', build: maximum, cell: ([a, ea], [b, eb]) => [Math.max(a, b), Math.max(ea, eb)], smooth: false },
]

// ---- generation --------------------------------------------------------------------------------------------------

type Draw = <A extends unknown[], T>(arbitrary: (...settings: A) => fc.Arbitrary<T>, ...settings: A) => T
interface Making {
  readonly draw: Draw
  readonly smooth: boolean
  readonly leaves: readonly Recipe[]
  /** Made before: expressions share parts. */
  readonly pool: Recipe[]
}

const upTo = (making: Making, most: number): number => making.draw(fc.nat, { max: most })
const oneOf = <T>(making: Making, list: readonly T[]): T => list[upTo(making, list.length - 1)]
const factors = [-1, 2, 1, 0, -0.5, 3, 0.1]
const replaced = (shape: Shape, axis: number, length: number): number[] => shape.map((own, k) => (k === axis ? length : own))
const inserted = (shape: Shape, axis: number, length: number): number[] => [...shape.slice(0, axis), length, ...shape.slice(axis)]

/** A shape that broadcasts to the given one. */
function thinner(making: Making, shape: Shape): number[] {
  const kept = shape.slice(upTo(making, shape.length))
  return kept.map((length) => (upTo(making, 2) === 0 ? 1 : length))
}
const thinIndex = (at: Index, shape: Shape): number[] => shape.map((length, axis) => (length === 1 ? 0 : at[at.length - shape.length + axis]))

function leaf(making: Making, shape: Shape): Recipe {
  const known = [...making.leaves, ...making.pool].filter((recipe) => recipe.shape.join() === shape.join())
  const choice = upTo(making, known.length > 0 ? 4 : 1)
  if (choice > 1) return oneOf(making, known)
  if (choice === 1) {
    const value = oneOf(making, factors)
    return { shape, parts: [], text: `fill ${value}`, build: (graph) => fill(graph, value, shape), compute: () => [value, 0] }
  }
  if (shape.length === 2 && shape[0] === shape[1] && upTo(making, 1) === 0) {
    const data = indices(shape).map(([i, j]) => (i === j ? 1 : 0))
    return { shape, parts: [], text: 'identity', build: (graph) => constant(graph, data, shape), compute: (_, at) => [data[positionOf(at, shape)], 0] }
  }
  const data = indices(shape).map(() => (upTo(making, 40) - 20) / 10)
  return { shape, parts: [], text: `[${data.join(' ')}]`, build: (graph) => constant(graph, data, shape), compute: (_, at) => [data[positionOf(at, shape)], 0] }
}

const sumCells = (cells: readonly Cell[]): Cell => [cells.reduce((total, [value]) => total + value, 0), cells.reduce((total, [value, error]) => total + error + cells.length * Math.abs(value), 0)]
const times = (a: Cell, b: Cell): Cell => binary[2].cell(a, b)

type Maker = (making: Making, shape: Shape, depth: number) => Recipe | undefined

const makers: readonly Maker[] = [
  function applied(making, shape, depth) {
    const f = oneOf(making, unary.filter(({ smooth }) => smooth !== false || !making.smooth))
    return { shape, parts: [make(making, shape, depth)], text: f.name, build: (_, [a]) => f.build(a), compute: ([a], at) => {
      const [value, error] = a(at)
      return [f.value(value), Math.abs(f.slope(value)) * error + 4 * Math.abs(f.value(value)) + Math.abs(f.slope(value) * value)]
    } }
  },
  function combined(making, shape, depth) {
    const f = oneOf(making, binary.filter(({ smooth }) => smooth !== false || !making.smooth))
    const other = thinner(making, shape)
    const parts = [make(making, shape, depth), make(making, other, depth)]
    const order = upTo(making, 1) === 0 ? [0, 1] : [1, 0]
    return { shape, parts, text: f.name, build: (_, made) => f.build(made[order[0]], made[order[1]]), compute: (read, at) => {
      const cells = [read[0](at), read[1](thinIndex(at, other))]
      return f.cell(cells[order[0]], cells[order[1]])
    } }
  },
  function scaled(making, shape, depth) {
    const factor = oneOf(making, factors)
    return { shape, parts: [make(making, shape, depth)], text: `${factor} ×`, build: (_, [a]) => scale(a, factor), compute: ([a], at) => times([factor, 0], a(at)) }
  },
  function summed(making, shape, depth) {
    if (shape.length > 2) return undefined
    // One or two axes, the first inserted before the second so that both numbers are those of the sum.
    const inserts: [axis: number, length: number][] = [[upTo(making, shape.length), 1 + upTo(making, 2)]]
    if (shape.length < 2 && upTo(making, 1) === 0) inserts.push([inserts[0][0] + 1 + upTo(making, shape.length - inserts[0][0]), 1 + upTo(making, 2)])
    const from = inserts.reduce((made, [axis, length]) => inserted(made, axis, length), [...shape])
    const axes = inserts.map(([axis]) => axis)
    return { shape, parts: [make(making, from, depth)], text: `Σ over ${axes.join()}`, build: (_, [a]) => sum(a, axes), compute: ([a], at) => sumCells(indices(inserts.map(([, length]) => length)).map((own) => a(axes.reduce((index, axis, k) => inserted(index, axis, own[k]), [...at])))) }
  },
  function expanded(making, shape, depth) {
    const from = thinner(making, shape)
    return { shape, parts: [make(making, from, depth)], text: `expand to [${shape.join()}]`, build: (_, [a]) => expand(a, shape), compute: ([a], at) => a(thinIndex(at, from)) }
  },
  function reshaped(making, shape, depth) {
    const from = oneOf(making, [[size(shape)], [1, ...shape], [...shape, 1], [...shape].reverse(), shape.filter((length) => length !== 1)])
    if (from.length > 3) return undefined
    return { shape, parts: [make(making, from, depth)], text: `reshape to [${shape.join()}]`, build: (_, [a]) => reshape(a, shape), compute: ([a], at) => a(indexOf(positionOf(at, shape), from)) }
  },
  function transposed(making, shape, depth) {
    const order = making.draw(fc.shuffledSubarray, shape.map((_, axis) => axis), { minLength: shape.length })
    const from = new Array<number>(shape.length)
    order.forEach((axis, k) => { from[axis] = shape[k] })
    return { shape, parts: [make(making, from, depth)], text: `transpose ${order.join()}`, build: (_, [a]) => transpose(a, order), compute: ([a], at) => {
      const index = new Array<number>(shape.length)
      order.forEach((axis, k) => { index[axis] = at[k] })
      return a(index)
    } }
  },
  function sliced(making, shape, depth) {
    if (shape.length === 0) return undefined
    const axis = upTo(making, shape.length - 1)
    const [before, after] = [upTo(making, 1), upTo(making, 1)]
    const from = replaced(shape, axis, shape[axis] + before + after)
    return { shape, parts: [make(making, from, depth)], text: `slice ${axis} from ${before}`, build: (_, [a]) => slice(a, axis, before, shape[axis]), compute: ([a], at) => a(replaced(at, axis, at[axis] + before)) }
  },
  function padded(making, shape, depth) {
    const axis = upTo(making, Math.max(0, shape.length - 1))
    if (!(shape[axis] > 1)) return undefined
    const before = upTo(making, shape[axis] - 1)
    const length = 1 + upTo(making, shape[axis] - before - 1)
    return { shape, parts: [make(making, replaced(shape, axis, length), depth)], text: `pad ${axis} by ${before}`, build: (_, [a]) => pad(a, axis, before, shape[axis] - before - length), compute: ([a], at) => {
      const inside = at[axis] - before
      return inside >= 0 && inside < length ? a(replaced(at, axis, inside)) : [0, 0]
    } }
  },
  function joined(making, shape, depth) {
    const axis = upTo(making, Math.max(0, shape.length - 1))
    if (!(shape[axis] > 1)) return undefined
    const first = 1 + upTo(making, shape[axis] - 2)
    const parts = [make(making, replaced(shape, axis, first), depth), make(making, replaced(shape, axis, shape[axis] - first), depth)]
    return { shape, parts, text: `concat ${axis}`, build: (_, made) => concat(made, axis), compute: ([a, b], at) => (at[axis] < first ? a(at) : b(replaced(at, axis, at[axis] - first))) }
  },
  function gathered(making, shape, depth) {
    if (shape.length === 0) return undefined
    const axis = upTo(making, shape.length - 1)
    const length = 1 + upTo(making, 2)
    const positions = Array.from({ length: shape[axis] }, () => upTo(making, length - 1))
    return { shape, parts: [make(making, replaced(shape, axis, length), depth)], text: `gather ${axis} at ${positions.join()}`, build: (_, [a]) => gather(a, axis, positions), compute: ([a], at) => a(replaced(at, axis, positions[at[axis]])) }
  },
  function scattered(making, shape, depth) {
    if (shape.length === 0) return undefined
    const axis = upTo(making, shape.length - 1)
    const positions = Array.from({ length: 1 + upTo(making, 2) }, () => upTo(making, shape[axis] - 1))
    const from = replaced(shape, axis, positions.length)
    return { shape, parts: [make(making, from, depth)], text: `scatter ${axis} to ${positions.join()}`, build: (graph, [a]) => graph.node(scatterOp, [a], { axis, positions, length: shape[axis] }), compute: ([a], at) => sumCells(positions.flatMap((to, k) => (to === at[axis] ? [a(replaced(at, axis, k))] : []))) }
  },
  function contracted(making, shape, depth) {
    // The result's axes: batch, free of a, free of b; each factor's axes then stand in any order.
    const [batch, end] = [upTo(making, shape.length), upTo(making, shape.length)].sort((p, q) => p - q)
    const lengths = Array.from({ length: upTo(making, 2) }, () => 1 + upTo(making, 2))
    const arranged = (free: Shape) => {
      const axes = [...shape.slice(0, batch), ...free, ...lengths]
      const freeOrder = free.map((_, k) => batch + k)
      // Free axes keep their order in the result, so only the others may move between them.
      const order = making.draw(fc.shuffledSubarray, axes.map((_, k) => k), { minLength: axes.length })
      let next = 0
      const placed = order.map((k) => (freeOrder.includes(k) ? freeOrder[next++] : k))
      return { shape: placed.map((k) => axes[k]), at: (k: number): number => placed.indexOf(k), order: placed, free: free.length }
    }
    const [a, b] = [arranged(shape.slice(batch, end)), arranged(shape.slice(end))]
    if (a.shape.length > 3 || b.shape.length > 3) return undefined
    const axesOf = (side: typeof a) => ({ batch: Array.from({ length: batch }, (_, k) => side.at(k)), summed: lengths.map((_, k) => side.at(batch + side.free + k)) })
    const [axesA, axesB] = [axesOf(a), axesOf(b)]
    const attributes = { left: axesA.summed, right: axesB.summed, batchLeft: axesA.batch, batchRight: axesB.batch }
    return { shape, parts: [make(making, a.shape, depth), make(making, b.shape, depth)], text: `contract ${JSON.stringify(attributes)}`, build: (graph, made) => graph.node(contractOp, made, attributes), compute: (read, at) => {
      const side = (which: typeof a, free: Index, summed: Index): Index => which.order.map((k) => [...at.slice(0, batch), ...free, ...summed][k])
      return sumCells(indices(lengths).map((summed) => times(read[0](side(a, at.slice(batch, end), summed)), read[1](side(b, at.slice(end), summed)))))
    } }
  },
  function logSummed(making, shape, depth) {
    if (shape.length > 2) return undefined
    const length = 1 + upTo(making, 2)
    return { shape, parts: [make(making, [...shape, length], depth)], text: 'logSumExp', build: (_, [a]) => logSumExp(a), compute: ([a], at) => {
      const cells = Array.from({ length }, (__, k) => a([...at, k]))
      const top = Math.max(...cells.map(([value]) => value))
      const value = top + Math.log(cells.reduce((total, [each]) => total + Math.exp(each - top), 0))
      return [value, Math.max(...cells.map(([, error]) => error)) + 4 * Math.max(...cells.map(([each]) => Math.abs(each))) + 4 + Math.abs(value)]
    } }
  },
]

function make(making: Making, shape: Shape, depth: number): Recipe {
  const made = depth === 0 ? undefined : oneOf(making, makers)(making, shape, depth - 1)
  if (!made) return leaf(making, shape)
  making.pool.push(made)
  return made
}

const write = (recipe: Recipe): string => (recipe.parts.length === 0 ? recipe.text : `${recipe.text}(${recipe.parts.map(write).join(', ')})`)

function buildNode(recipe: Recipe, graph: Graph, inputs: readonly Node[], known: Map<Recipe, Node>): Node {
  const before = known.get(recipe)
  if (before) return before
  const node = recipe.input === undefined ? recipe.build(graph, recipe.parts.map((part) => buildNode(part, graph, inputs, known))) : inputs[recipe.input]
  known.set(recipe, node)
  return node
}

export interface RandomExpressionOptions {
  /** Without kinks. */
  readonly smooth: boolean
  readonly shape?: Shape
  readonly depth?: number
}

const inputShapes: readonly Shape[] = [[3], [2, 3], [3, 3], [], [2]]

/** One random expression of a few inputs, from fast-check's generator of a property. */
export function randomExpression(draw: Draw, { smooth, shape, depth = 5 }: RandomExpressionOptions): RandomExpression {
  const leaves = inputShapes.map((own, k): Recipe => ({
    shape: own, parts: [], text: `x${k}`, input: k,
    build: () => { throw new Error('an input is given') }, compute: () => { throw new Error('an input is given') },
  }))
  const making: Making = { draw, smooth, leaves, pool: [] }
  const recipe = make(making, shape ?? oneOf(making, [[], [3], [2, 3], [2, 1, 3]]), depth)
  const values = inputShapes.map((own) => tensor(own, Float64Array.from({ length: size(own) }, () => (upTo(making, 4000) - 2000) / 1000)))
  const graph = new Graph()
  const inputs = inputShapes.map((own, k) => input(graph, `x${k}`, own))
  return {
    text: write(recipe), inputs, values,
    output: buildNode(recipe, graph, inputs, new Map()),
    plain: (at = values) => plainValue(recipe, at, new Map()),
  }
}

/** How far beyond rounding a value is: above 1 it is wrong. Constants of the bound are not tracked, hence the factor. */
export function beyondRounding(actual: ArrayLike<number>, expected: Bounded, precision = Number.EPSILON): number {
  let worst = actual.length === expected.data.length ? 0 : Infinity
  for (let k = 0; k < expected.data.length; k++) {
    const distance = Math.abs(actual[k] - expected.data[k])
    const allowed = 16 * precision * (expected.error[k] + Math.abs(expected.data[k])) + 1e-300
    if (!(distance <= worst * allowed)) worst = distance === 0 ? worst : distance / allowed
  }
  return worst
}
