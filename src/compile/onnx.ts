// A program as one ONNX model: operators of the standard domain only, readable by runtimes two years old.
import { ROWS, topological } from '../graph/node.ts'
import type { ElementType, Node, Shape } from '../graph/node.ts'
import type { Emitter, OnnxAttribute } from '../graph/emitter.ts'
import { inputOp } from '../graph/ops/leaf.ts'
import type { Program } from './program.ts'
import { MessageWriter } from './protobuf.ts'
import { planFusions } from './fuse.ts'
import { elementTypes, lower } from './lower.ts'

const OPSET = 17
const IR_VERSION = 8

const typeNumber = { float32: 1, int64: 7, float64: 11 } as const

/** Compiles a program to the bytes of an ONNX model. `metadata` goes into the model's metadata. */
export function compileOnnx(program: Program, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const names = Object.keys(program.outputs)
  const outputs = lower(names.map((name) => program.outputs[name]), program.type)
  const types = elementTypes(outputs, program.type)
  const order = topological(outputs)
  const reachable = new Set(order)
  const hasRows = (node: Node): boolean => node.shape.includes(ROWS)
  // Something repeated for every row needs their number even if it depends on no row's content.
  const counted = order.some(hasRows) && !order.some((node) => node.op === inputOp && hasRows(node)) ? program.inputs.find(hasRows) : undefined
  if (counted) reachable.add(counted)
  const fusions = planFusions(order, outputs, (node) => types.get(node) ?? program.type)

  const graph = new MessageWriter()
  const initializers = new Map<string, string>()
  const initializerMessages: MessageWriter[] = []
  const emitted = new Map<string, string>()
  const written = new Map<string, string>()
  let next = 0
  let rowsSource: { name: string } | undefined
  let rowsVector: string | undefined

  const initializer = (values: ArrayLike<number>, shape: Shape, type: keyof typeof typeNumber): string => {
    const key = `${type}[${shape.join(',')}]${Array.from(values).join(',')}`
    const known = initializers.get(key)
    if (known) return known
    const name = `c${initializers.size}`
    initializers.set(key, name)
    initializerMessages.push(tensorMessage(name, values, shape, type))
    return name
  }
  const wanted = (node: Node, type: ElementType | undefined): ElementType => types.get(node) ?? type ?? program.type

  let current: ElementType = program.type
  const emitter: Emitter = {
    emit: (operator, inputs, attributes = {}) => {
      const key = `${operator}(${inputs.join(',')})${JSON.stringify(attributes)}`
      const known = written.get(key)
      if (known) return known
      const name = `v${next++}`
      written.set(key, name)
      graph.message(1, nodeMessage(operator, inputs, name, attributes))
      return name
    },
    constant: (_, values, shape) => initializer(values, shape, current),
    integers: (values, shape = [values.length]) => initializer(values, shape, 'int64'),
    shapeVector: (shape) => {
      if (!shape.includes(ROWS)) return emitter.integers(shape)
      if (!rowsSource) throw new Error('the number of rows is needed but no input has rows')
      rowsVector ??= emitter.emit('Slice', [emitter.emit('Shape', [rowsSource.name]), emitter.integers([0]), emitter.integers([1])])
      const at = shape.indexOf(ROWS)
      const parts = [...(at > 0 ? [emitter.integers(shape.slice(0, at))] : []), rowsVector, ...(at < shape.length - 1 ? [emitter.integers(shape.slice(at + 1))] : [])]
      return parts.length === 1 ? rowsVector : emitter.emit('Concat', parts, { axis: 0 })
    },
    reshape: (value, shape) => emitter.emit('Reshape', [value, emitter.integers(shape)]),
    typeOf: (node) => wanted(node, current),
  }

  for (const node of program.inputs) {
    if (!reachable.has(node)) continue
    const name = node.attributes.name as string
    graph.message(11, valueInfo(name, node.shape, wanted(node, undefined)))
    if (node.shape[0] === ROWS) rowsSource ??= { name }
  }

  const nameOf = (node: Node, type: ElementType): string => {
    const own = wanted(node, type)
    const key = `${node.id}:${own}`
    const known = emitted.get(key)
    if (known) return known
    const name = write(node, own)
    emitted.set(key, name)
    return name
  }
  const write = (node: Node, type: ElementType): string => {
    if (node.op === inputOp) return node.attributes.name as string
    const fusion = fusions.get(node)
    if (fusion) {
      const inputs = fusion.inputs.map((input) => nameOf(input, type))
      current = type
      return fusion.write(emitter, inputs)
    }
    if (!node.op.onnx) throw new Error(`${node.op.name} has neither an ONNX form nor a lowering`)
    // A cast's input keeps its own type; everything else is computed in one type.
    const inputs = node.inputs.map((input) => nameOf(input, type))
    current = type
    return node.op.onnx(emitter, node, inputs)
  }
  for (const node of order) {
    if (!fusions.absorbed.has(node) && types.get(node) !== undefined) nameOf(node, types.get(node)!)
  }

  names.forEach((name, k) => {
    const type = wanted(outputs[k], undefined)
    graph.message(1, nodeMessage('Identity', [nameOf(outputs[k], type)], name, {}))
    graph.message(12, valueInfo(name, outputs[k].shape, type))
  })
  for (const message of initializerMessages) graph.message(5, message)
  graph.text(2, program.name)

  const model = new MessageWriter()
    .integer(1, IR_VERSION)
    .text(2, 'unnorm')
    .message(8, new MessageWriter().text(1, '').integer(2, OPSET))
    .message(7, graph)
  for (const [key, value] of Object.entries(metadata)) model.message(14, new MessageWriter().text(1, key).text(2, value))
  return model.finish()
}

function nodeMessage(operator: string, inputs: readonly string[], output: string, attributes: Readonly<Record<string, OnnxAttribute>>): MessageWriter {
  const node = new MessageWriter()
  for (const input of inputs) node.text(1, input)
  node.text(2, output).text(4, operator)
  for (const [name, value] of Object.entries(attributes)) {
    const attribute = new MessageWriter().text(1, name)
    if (typeof value === 'number') attribute.integer(3, value).integer(20, 2)
    else if (typeof value === 'string') attribute.text(4, value).integer(20, 3)
    else if ('float' in value) attribute.float(2, value.float).integer(20, 1)
    else {
      for (const entry of value) attribute.integer(8, entry)
      attribute.integer(20, 7)
    }
    node.message(5, attribute)
  }
  return node
}

function tensorMessage(name: string, values: ArrayLike<number>, shape: Shape, type: keyof typeof typeNumber): MessageWriter {
  const message = new MessageWriter()
  for (const length of shape) message.integer(1, length)
  const width = type === 'float32' ? 4 : 8
  const bytes = new Uint8Array(values.length * width)
  const view = new DataView(bytes.buffer)
  for (let k = 0; k < values.length; k++) {
    if (type === 'float32') view.setFloat32(4 * k, values[k], true)
    else if (type === 'float64') view.setFloat64(8 * k, values[k], true)
    else view.setBigInt64(8 * k, BigInt(values[k]), true)
  }
  return message.integer(2, typeNumber[type]).text(8, name).bytes(9, bytes)
}

function valueInfo(name: string, shape: Shape, type: ElementType): MessageWriter {
  const dimensions = new MessageWriter()
  for (const length of shape) {
    dimensions.message(1, length === ROWS ? new MessageWriter().text(2, 'rows') : new MessageWriter().integer(1, length))
  }
  const tensorType = new MessageWriter().integer(1, typeNumber[type]).message(2, dimensions)
  return new MessageWriter().text(1, name).message(2, new MessageWriter().message(1, tensorType))
}
