// The library `unnorm` in Node: all of index.ts, and a `fit` that brings ONNX Runtime along.
import type { Table } from '../data/table.ts'
import type { Model } from '../model/model.ts'
import { fitTable } from '../result/fit-table.ts'
import type { FitSettings } from '../result/fit-table.ts'
import type { FitResult } from '../result/result.ts'
import { nodeEngine } from './engine.ts'
import type { NodeEngineOptions } from './engine.ts'

export * from '../index.ts'

/** What a fit in Node may be told; all of it has defaults. */
export interface NodeFitSettings extends FitSettings, NodeEngineOptions {}

/**
 * Estimates a model from a table: by score matching if it is parametric, by dual score matching if it is a network.
 * @param model from `defineModel`, or a built-in one
 * @param table as `readTable` of `unnorm/node` gives it
 * @throws UnnormError for whatever is wrong with the model, the table or the settings
 */
export function fit(model: Model, table: Table, settings: NodeFitSettings = {}): Promise<FitResult> {
  const { threads, engine, ...rest } = settings
  return fitTable(model, table, { now: () => performance.now(), ...rest, engine: engine ?? nodeEngine(threads === undefined ? {} : { threads }) })
}
