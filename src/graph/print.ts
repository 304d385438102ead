// A graph as text, one line a node: name, shape, what it computes, what it is computed from.
import { showShape, topological } from './node.ts'
import type { Attributes, Node } from './node.ts'
import { constantOp, inputOp } from './ops/leaf.ts'

/**
 * A readable listing of everything the outputs are computed from.
 * @param outputs by the names they should carry in the listing
 */
export function print(outputs: Readonly<Record<string, Node>>): string {
  const names = new Map<Node, string>()
  const lines: string[] = []
  for (const node of topological(Object.values(outputs))) {
    if (node.op === constantOp && node.shape.length === 0) {
      names.set(node, String((node.attributes.data as Float64Array)[0]))
      continue
    }
    const name = node.op === inputOp ? String(node.attributes.name) : `%${names.size}`
    names.set(node, name)
    const inputs = node.inputs.map((input) => names.get(input)!).join(', ')
    lines.push(`${name} ${showShape(node.shape)} = ${node.op.name}(${inputs})${node.op === inputOp ? '' : showAttributes(node.attributes)}`)
  }
  for (const [label, node] of Object.entries(outputs)) lines.push(`${label} = ${names.get(node)!}`)
  return lines.join('\n')
}

function showAttributes(attributes: Attributes): string {
  const shown = Object.entries(attributes).filter(([name]) => name !== 'shape' && name !== 'data')
  if (shown.length === 0) return ''
  return ` {${shown.map(([name, value]) => `${name}: ${typeof value === 'object' ? `[${Array.from(value).join(' ')}]` : String(value)}`).join(', ')}}`
}
