// Which nodes are written together as one ONNX operator: sums and factors inside Gemm, squares inside their sum.
import { sameShape } from '../graph/node.ts'
import type { ElementType, Node } from '../graph/node.ts'
import type { Emitter } from '../graph/emitter.ts'
import { add, square, subtract } from '../graph/ops/arithmetic.ts'
import { contractOp, isGemm, writeGemm } from '../graph/ops/contract.ts'
import { scaleOp, sumOp } from '../graph/ops/linear.ts'

export interface Fusion {
  readonly inputs: readonly Node[]
  write(emitter: Emitter, inputs: readonly string[]): string
}

export interface Fusions {
  get(node: Node): Fusion | undefined
  /** Nodes that are part of a fusion and not written themselves. */
  readonly absorbed: ReadonlySet<Node>
}

/**
 * Plans the fusions of a graph given in topological order.
 * @param typeOf what each node is computed in: Gemm's factors are float32 attributes even where it multiplies in float64
 */
export function planFusions(order: readonly Node[], outputs: readonly Node[], typeOf: (node: Node) => ElementType): Fusions {
  const uses = new Map<Node, number>()
  const use = (node: Node): void => { uses.set(node, (uses.get(node) ?? 0) + 1) }
  for (const node of order) node.inputs.forEach(use)
  outputs.forEach(use)
  const once = (node: Node): boolean => uses.get(node) === 1

  const isExactFactor = (node: Node): boolean => {
    const factor = node.attributes.factor as number
    return typeOf(node) === 'float32' || Math.fround(factor) === factor
  }

  const plans = new Map<Node, Fusion>()
  const absorbed = new Set<Node>()

  /** A product used only here, perhaps times a number. */
  const product = (node: Node): { contraction: Node; alpha: number; parts: Node[] } | undefined => {
    if (node.op === contractOp && isGemm(node)) return { contraction: node, alpha: 1, parts: [] }
    // Used once, so whatever absorbed the product before is this very factor.
    if (node.op === scaleOp && isExactFactor(node) && node.inputs[0].op === contractOp && isGemm(node.inputs[0]) && once(node.inputs[0])) {
      return { contraction: node.inputs[0], alpha: node.attributes.factor as number, parts: [node.inputs[0]] }
    }
    return undefined
  }
  const fuseSum = (node: Node, term: Node, addend: Node, sign: number, beta: number): boolean => {
    if (!once(term) || absorbed.has(term)) return false
    // What is added may be a whole matrix of the product's shape or one row of it.
    if (!sameShape(addend.shape, node.shape) && addend.shape.length > 1) return false
    const found = product(term)
    if (!found || !sameShape(found.contraction.shape, node.shape)) return false
    if (addend.shape.length === 1 && node.shape.length !== 2) return false
    if (addend.shape.length === 0) return false
    const { contraction, alpha } = found
    plans.set(node, {
      inputs: [...contraction.inputs, addend],
      write: (emitter, [a, b, c]) => writeGemm(emitter, contraction, a, b, { alpha: alpha * sign, addend: c, beta }),
    })
    plans.delete(term)
    for (const part of [term, ...found.parts]) absorbed.add(part)
    return true
  }

  for (const node of order) {
    const [a, b] = node.inputs
    if (node.op === scaleOp && isExactFactor(node) && once(a)) {
      const found = product(a)
      if (found && !absorbed.has(a) && found.parts.length === 0) {
        const { contraction } = found
        plans.set(node, {
          inputs: contraction.inputs,
          write: (emitter, [x, y]) => writeGemm(emitter, contraction, x, y, { alpha: node.attributes.factor as number }),
        })
        absorbed.add(a)
      }
    } else if (node.op === add.op) {
      if (!fuseSum(node, b, a, 1, 1)) fuseSum(node, a, b, 1, 1)
    } else if (node.op === subtract.op) {
      if (!fuseSum(node, b, a, -1, 1)) fuseSum(node, a, b, 1, -1)
    } else if (node.op === sumOp && node.shape.length === 0 && a.op === square.op && once(a)) {
      // Over some axes only, ONNX Runtime's kernel is slower than squaring and summing.
      plans.set(node, {
        inputs: a.inputs,
        write: (emitter, [x]) => emitter.emit('ReduceSumSquare', [x], { axes: node.attributes.axes as number[], keepdims: 0 }),
      })
      absorbed.add(a)
    }
  }
  return { get: (node) => plans.get(node), absorbed }
}
