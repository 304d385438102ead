// How element-by-element ops with broadcasting are declared: a value on numbers and one partial derivative an input.
import { build, sameShape, showShape, sizeOf } from '../node.ts'
import type { Attributes, ElementType, Node, Op, Shape } from '../node.ts'
import type { Tensor } from '../tensor.ts'
import { broadcastStrides, elementCount, tensor, visit } from '../tensor.ts'
import { constant, constantOp } from './leaf.ts'
import { alignRank, expandOp, fill, splat, unbroadcast } from './linear.ts'
import { concat, singlesOf, slice } from './rearrange.ts'

/** An op as a function of nodes, with its record. */
export type ElementwiseOp<Inputs extends readonly Node[]> = ((...inputs: Inputs) => Node) & { readonly op: Op }

export interface ElementwiseDeclaration {
  readonly name: string
  readonly formula: string
  readonly smooth?: boolean
  /** Value for one element. */
  readonly value: (...values: number[]) => number
  /** The same for ops with attributes: the value function they select (`value` is then that of the first sample). */
  readonly valueFor?: (attributes: Attributes) => (...values: number[]) => number
  /** For each input, ∂output/∂input as a node (multiplied with the tangent or adjoint), or null where it is zero. */
  readonly partials: readonly (((inputs: readonly Node[], output: Node, attributes: Attributes) => Node) | null)[]
  readonly simplify?: (inputs: readonly Node[], shape: Shape, attributes: Attributes) => Node | undefined
  readonly sumOver?: Op['sumOver']
  /** The ONNX operator that computes exactly this, by name or as a rule… */
  readonly onnx?: string | Op['onnx']
  /** …or an equal expression in ops that have one. */
  readonly lower?: (inputs: readonly Node[], type: ElementType, attributes: Attributes) => Node | undefined
  /** Sample values for the contract suite: one list an input (kept inside the domain, away from kinks). */
  readonly samples: readonly (readonly number[])[]
  /** Attributes to exercise with those samples. */
  readonly sampleAttributes?: readonly Attributes[]
}

/** numpy's broadcasting of shapes; the symbolic rows axis matches itself and 1. */
function broadcastShapes(shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map((shape) => shape.length))
  return Array.from({ length: rank }, (_, axis) => {
    let length = 1
    for (const shape of shapes) {
      const own = shape[axis - (rank - shape.length)] ?? 1
      if (own === 1) continue
      if (length !== 1 && length !== own) throw new Error(`shapes ${shapes.map(showShape).join(' and ')} do not fit together`)
      length = own
    }
    return length
  })
}

/** Declares an elementwise op; `mul` is the product of nodes, looked up late because it is declared here itself. */
export function declareElementwise(declaration: ElementwiseDeclaration, mul: (a: Node, b: Node) => Node): Op {
  const { partials, onnx, lower, sumOver } = declaration
  const valueOf = (attributes: Attributes): ((...values: number[]) => number) => declaration.valueFor?.(attributes) ?? declaration.value
  const op: Op = {
    name: declaration.name,
    formula: declaration.formula,
    smooth: declaration.smooth ?? true,
    shape: (shapes) => broadcastShapes(shapes),
    value: (inputs, attributes, shape) => {
      const value = valueOf(attributes)
      const data = new Float64Array(elementCount(shape))
      const strides = inputs.map((input) => broadcastStrides(input.shape, shape))
      visit(shape, strides, (offsets, position) => {
        data[position] = value(...offsets.map((offset, k) => inputs[k].data[offset]))
      })
      return { shape, data }
    },
    forward: (node, tangents) => tangents.flatMap((tangent, k) => {
      const partial = partials[k]
      if (!tangent || !partial) return []
      // A tangent has the shape of its node even where the rule got by with less.
      return [build(expandOp, [mul(partial(node.inputs, node, node.attributes), tangent)], { shape: node.shape })]
    }),
    reverse: (node, adjoint) => node.inputs.map((input, k) => {
      const partial = partials[k]
      return partial ? unbroadcast(mul(adjoint, partial(node.inputs, node, node.attributes)), input.shape) : undefined
    }),
    vectorize: (node, inputs, batched) => build(op, inputs.map((input, k) => (batched[k] ? alignRank(input, node.shape.length + 1, true) : input)), node.attributes),
    simplify: (inputs, attributes, shape) => {
      const known = inputs.map(splat)
      if (known.every((value) => value !== undefined)) return fill(inputs[0].graph, valueOf(attributes)(...(known as number[])), shape)
      if (inputs.every((input) => input.op === constantOp)) {
        const folded = op.value(inputs.map((input): Tensor => ({ shape: input.shape, data: input.attributes.data as Float64Array })), attributes, shape)
        return constant(inputs[0].graph, folded.data, shape)
      }
      const thin = withoutExpand(inputs, shape)
      if (thin) return build(op, thin, attributes)
      return declaration.simplify?.(inputs, shape, attributes) ?? onSingles(op, inputs, attributes, shape)
    },
    ...(sumOver ? { sumOver } : {}),
    ...(lower ? { lower: (node: Node, inputs: readonly Node[], type: ElementType) => lower(inputs, type, node.attributes) } : {}),
    ...(onnx ? { onnx: typeof onnx === 'string' ? (emitter, _, inputs) => emitter.emit(onnx, inputs) : onnx } : {}),
    samples: (declaration.sampleAttributes ?? [{}]).flatMap((attributes) => elementwiseSamples(declaration.samples).map((sample) => ({ ...sample, attributes }))),
  }
  return op
}

/** Broadcasting is free inside an elementwise op, so an expand that another input's shape makes needless is dropped. */
function withoutExpand(inputs: readonly Node[], shape: Shape): readonly Node[] | undefined {
  for (let k = 0; k < inputs.length; k++) {
    if (inputs[k].op !== expandOp) continue
    const thin = inputs.map((input, j) => (j === k ? inputs[k].inputs[0] : input))
    if (sameShape(broadcastShapes(thin.map((input) => input.shape)), shape)) return thin
  }
  return undefined
}

/** An op on a vector that was put together from single numbers, done to each of them. */
function onSingles(op: Op, inputs: readonly Node[], attributes: Attributes, shape: Shape): Node | undefined {
  if (shape.length !== 1 || !inputs.some((input) => singlesOf(input)) || inputs.some((input) => input.shape.length > 1)) return undefined
  const element = (input: Node, k: number): Node => (sizeOf(input.shape) === 1 ? input : slice(input, 0, k, 1))
  return concat(Array.from({ length: shape[0] }, (_, k) => build(op, inputs.map((input) => element(input, k)), attributes)), 0)
}

/** The given values as vectors, and, for two or more inputs, a matrix against a row and a column for broadcasting. */
function elementwiseSamples(values: readonly (readonly number[])[]): { inputs: readonly Tensor[] }[] {
  const vectors = { inputs: values.map((list) => tensor([list.length], list)) }
  if (values.length < 2) return [vectors]
  const broadcast = {
    inputs: values.map((list, k) => (k === 0 ? tensor([3, 2], [0, 1, 2, 3, 4, 5].map((i) => list[i % list.length])) : tensor([2], list.slice(0, 2)))),
  }
  return [vectors, broadcast]
}

