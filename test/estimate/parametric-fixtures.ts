// Shared by the tests of parametric fits: engines, tables of known answers, and comparing with a message.
import { readFileSync } from 'node:fs'
import * as onnxruntime from 'onnxruntime-node'
import { expect } from 'vitest'
import { multiply, transpose } from '../../src/base/linear-algebra.ts'
import { createRandom } from '../../src/base/random.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { onnxEngine } from '../../src/engine/onnx.ts'
import type { OnnxRuntime } from '../../src/engine/onnx.ts'
import { referenceEngine } from '../../src/engine/reference.ts'
import { findCurvature } from '../../src/estimate/curvature.ts'
import type { Curvature } from '../../src/estimate/curvature.ts'
import type { Estimator, Noise } from '../../src/estimate/estimator.ts'
import { fitParametric } from '../../src/estimate/parametric.ts'
import type { ParametricFit, ParametricOptions } from '../../src/estimate/parametric.ts'
import { trace } from '../../src/model/model.ts'
import type { Model, TracedModel } from '../../src/model/model.ts'

export const onnx: Engine = onnxEngine(onnxruntime as unknown as OnnxRuntime, { threads: 1 })
export const engines: readonly Engine[] = [referenceEngine, onnx]

/** Numbers of a shipped table with a header line, row-major; columns that are no numbers are left out. */
export function readNumbers(name: string): { rows: Float64Array; dimension: number } {
  const lines = readFileSync(new URL(`../../examples/data/${name}`, import.meta.url), 'utf8').trim().split('\n').slice(1)
  const cells = lines.map((line) => line.split(',').map((cell) => Number(cell.replaceAll('"', ''))))
  const numeric = cells[0].flatMap((_, k) => (cells.every((row) => Number.isFinite(row[k])) ? [k] : []))
  return { rows: Float64Array.from(cells.flatMap((row) => numeric.map((k) => row[k]))), dimension: numeric.length }
}

export function normalRows(count: number, dimension: number, seed: number | string): Float64Array {
  const rows = new Float64Array(count * dimension)
  createRandom(seed).fillNormal(rows)
  return rows
}

export async function fitModel(model: Model, estimator: Estimator, rows: Float64Array, dimension: number, options: Partial<ParametricOptions> = {}, engine: Engine = onnx): Promise<{ fit: ParametricFit; traced: TracedModel; value(name: string): number; error(name: string): number }> {
  const traced = trace(model, dimension)
  const fit = await fitParametric(traced, estimator, rows, engine, { random: createRandom(0), ...options })
  const at = (name: string): number => {
    const k = traced.parameterNames.indexOf(name)
    if (k < 0) throw new Error(`no parameter ${name}`)
    return k
  }
  return { fit, traced, value: (name) => fit.theta[at(name)], error: (name) => Math.sqrt(fit.covariance![at(name) * (traced.parameterCount + 1)]) }
}

/** The curvature of a matrix by itself. */
export function curvatureOf(hessian: Float64Array, fixed: readonly number[] = []): Promise<Curvature> {
  const size = Math.sqrt(hessian.length)
  return findCurvature({
    hessian, squares: false,
    free: Array.from({ length: size }, (_, k) => k).filter((k) => !fixed.includes(k)),
    along: async ({ columns, count }) => multiply(transpose(columns, size, count), multiply(hessian, columns, size, size, count), count, size, count),
  })
}

export const isotropic = (sigma: number, dimension: number): Noise => ({ isotropic: sigma, factor: diagonal(new Array<number>(dimension).fill(sigma)) })
const diagonal = (values: readonly number[]): Float64Array => Float64Array.from({ length: values.length ** 2 }, (_, e) => (e % (values.length + 1) === 0 ? values[Math.floor(e / values.length)] : 0))

export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, relative: number, what = 'value'): void {
  expect(actual.length, what).toBe(expected.length)
  for (let k = 0; k < expected.length; k++) {
    const error = Math.abs(actual[k] - expected[k])
    expect(error <= relative * Math.abs(expected[k]), `${what}, element ${k}: ${actual[k]} instead of ${expected[k]}`).toBe(true)
  }
}
