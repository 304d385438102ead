// Replaces ops that a runtime lacks by equal expressions in ops it has, sharing common parts.
import { topological } from '../graph/node.ts'
import type { ElementType, Node } from '../graph/node.ts'
import { inputOp } from '../graph/ops/leaf.ts'
import { castOp } from '../graph/ops/linear.ts'

/** The element type each node is computed in; nodes made of literals alone have none and take their user's. */
export function elementTypes(outputs: readonly Node[], type: ElementType): Map<Node, ElementType | undefined> {
  const types = new Map<Node, ElementType | undefined>()
  for (const node of topological(outputs)) types.set(node, elementType(node, types, type))
  return types
}

function elementType(node: Node, types: ReadonlyMap<Node, ElementType | undefined>, type: ElementType): ElementType | undefined {
  if (node.op === inputOp) return (node.attributes.type as ElementType | undefined) ?? type
  if (node.op === castOp) return node.attributes.to as ElementType
  const own = node.inputs.map((input) => types.get(input)).filter((found) => found !== undefined)
  if (own.some((found) => found !== own[0])) throw new Error(`${node.op.name} mixes float32 and float64`)
  return own[0]
}

/** The outputs in terms of ops that have an ONNX form. */
export function lower(outputs: readonly Node[], type: ElementType): Node[] {
  const lowered = new Map<Node, Node>()
  const types = new Map<Node, ElementType | undefined>()
  const lowerAll = (roots: readonly Node[]): void => {
    for (const node of topological(roots)) {
      if (lowered.has(node)) continue
      types.set(node, elementType(node, types, type))
      const inputs = node.inputs.map((input) => lowered.get(input)!)
      const rebuilt = inputs.every((input, k) => input === node.inputs[k]) ? node : node.graph.node(node.op, inputs, node.attributes)
      const simpler = rebuilt.op.lower?.(rebuilt, rebuilt.inputs, types.get(node) ?? type)
      if (rebuilt !== node && !simpler && rebuilt.op !== node.op) {
        lowerAll([rebuilt])
        lowered.set(node, lowered.get(rebuilt)!)
        continue
      }
      if (simpler) lowerAll([simpler])
      lowered.set(node, simpler ? lowered.get(simpler)! : rebuilt)
    }
  }
  lowerAll(outputs)
  return outputs.map((output) => lowered.get(output)!)
}
