// Fingerprints that tell whether a checkpoint belongs to these rows and this model.
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import type { Table } from '../data/table.ts'
import { topological } from '../graph/node.ts'
import { domain } from '../model/domain.ts'
import { ownDomain, trace } from '../model/model.ts'
import type { LoadedModel } from './load-model.ts'

/** Of the columns' names, the number of rows and every value, in their order, and of how rows count where that is told. */
export function tableFingerprint({ columns, rows, values, weights, clusters }: Table): string {
  const hash = createHash('sha256').update(JSON.stringify([columns, rows]))
  // In pieces: a single update takes at most 2 GiB.
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  for (let start = 0; start < bytes.length; start += 2 ** 28) hash.update(bytes.subarray(start, start + 2 ** 28))
  if (weights) hash.update('weights').update(weights.values)
  if (clusters) hash.update('clusters').update(clusters.of)
  return hash.digest('hex')
}

/**
 * Of what a model computes: a built-in one by its name and options, a user's file by its parameters and its traced graph.
 * @param asked the domain that it is fitted on, where that is not its own
 */
export function modelFingerprint(model: LoadedModel, columns: readonly string[], asked?: string): string {
  const hash = createHash('sha256')
  if (model.builtIn !== null) return hash.update(JSON.stringify([model.builtIn, model.options])).digest('hex')
  const { graph: _graph, logDensity, parameters, x, theta } = trace(model.source, asked === undefined ? ownDomain(model.source, columns) : domain(asked).over(columns))
  hash.update(JSON.stringify(parameters.map(({ name, parameter: { shape, size, constraint, symmetric: isSymmetric } }) => [name, shape, size, constraint, isSymmetric])))
  hash.update(JSON.stringify([model.source.name, model.source.kind, model.source.domain.name]))
  const numbers = new Map([x, theta].map((node, k) => [node, k]))
  for (const node of topological([logDensity])) {
    if (!numbers.has(node)) numbers.set(node, numbers.size)
    hash.update(JSON.stringify([node.op.name, node.shape, node.inputs.map((input) => numbers.get(input))]))
    addAttributes(hash, node.attributes)
  }
  return hash.digest('hex')
}

function addAttributes(hash: Hash, attributes: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(attributes).sort()) {
    const value = attributes[name]
    hash.update(JSON.stringify(name))
    if (ArrayBuffer.isView(value)) hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
    else hash.update(JSON.stringify(value) ?? 'undefined')
  }
}
