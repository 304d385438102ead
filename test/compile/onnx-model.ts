// Reads an ONNX model back, for tests: field numbers of onnx.proto (ModelProto, GraphProto, NodeProto).
import { readFields } from '../../src/compile/protobuf.ts'
import type { Field } from '../../src/compile/protobuf.ts'

export interface ReadNode {
  readonly operator: string
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

export interface ReadModel {
  readonly irVersion: number
  readonly opsets: readonly { readonly domain: string; readonly version: number }[]
  readonly nodes: readonly ReadNode[]
  readonly initializers: number
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
}

const text = (field: Field | undefined): string => new TextDecoder().decode(field?.bytes ?? new Uint8Array(0))

export function readOnnxModel(bytes: Uint8Array): ReadModel {
  const all = (message: Uint8Array, field: number): Field[] => [...readFields(message)].filter((found) => found.field === field)
  const graph = all(bytes, 7)[0].bytes
  return {
    irVersion: all(bytes, 1)[0].value,
    opsets: all(bytes, 8).map((opset) => ({ domain: text(all(opset.bytes, 1)[0]), version: all(opset.bytes, 2)[0].value })),
    nodes: all(graph, 1).map((node) => ({ operator: text(all(node.bytes, 4)[0]), domain: text(all(node.bytes, 7)[0]), inputs: all(node.bytes, 1).map(text), outputs: all(node.bytes, 2).map(text) })),
    initializers: all(graph, 5).length,
    inputs: all(graph, 11).map((value) => text(all(value.bytes, 1)[0])),
    outputs: all(graph, 12).map((value) => text(all(value.bytes, 1)[0])),
    metadata: Object.fromEntries(all(bytes, 14).map((entry) => [text(all(entry.bytes, 1)[0]), text(all(entry.bytes, 2)[0])])),
  }
}
