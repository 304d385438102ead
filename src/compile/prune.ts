// A model file without the outputs that nobody wants, and without what only they needed: runtimes compute all that is in a file.
import { MessageWriter, readFields } from './protobuf.ts'

const GRAPH = 7
const [NODE, NAME, INITIALIZER, INPUT, OUTPUT] = [1, 2, 5, 11, 12]
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const texts = (message: Uint8Array, wanted: number): string[] => [...readFields(message)].filter(({ field }) => field === wanted).map(({ bytes }) => text(bytes))

/**
 * @param model an ONNX model that unnorm wrote: operators in the order of computation
 * @param outputs those that are kept; metadata are not
 */
export function keepOutputs(model: Uint8Array, outputs: readonly string[]): Uint8Array {
  const made = new MessageWriter()
  for (const { field, value, bytes } of readFields(model)) {
    if (field === GRAPH) made.bytes(GRAPH, prunedGraph(bytes, outputs))
    else if (field === 1) made.integer(1, value)
    else if (field === 8) made.bytes(8, bytes)
  }
  return made.finish()
}

function prunedGraph(graph: Uint8Array, outputs: readonly string[]): Uint8Array {
  const fields = [...readFields(graph)]
  const needed = new Set(outputs)
  const kept = new Set<Uint8Array>()
  for (const { field, bytes } of [...fields].reverse()) {
    if (field !== NODE || !texts(bytes, 2).some((name) => needed.has(name))) continue
    kept.add(bytes)
    for (const name of texts(bytes, 1)) needed.add(name)
  }
  const made = new MessageWriter()
  for (const { field, bytes } of fields) {
    const isKept = field === NODE ? kept.has(bytes)
      : field === INITIALIZER ? texts(bytes, 8).some((name) => needed.has(name))
        : field === INPUT ? texts(bytes, 1).some((name) => needed.has(name))
          : field === OUTPUT ? texts(bytes, 1).some((name) => outputs.includes(name))
            : field === NAME
    if (isKept) made.bytes(field, bytes)
  }
  return made.finish()
}
