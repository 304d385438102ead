// Both objectives and their gradients against PyTorch's in float64 (bench/peers/gradients.py), on both engines.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { overRows } from '../../src/estimate/batch.ts'
import { denoising } from '../../src/estimate/estimators/denoising.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import type { Activation } from '../../src/model/layers.ts'
import { mlp } from '../../src/model/energies/mlp.ts'
import { trace } from '../../src/model/model.ts'
import { engines, isotropic } from './parametric-fixtures.ts'

interface Layer { readonly weight: number[][]; readonly bias: number[] | null }
interface Case {
  readonly hidden: number[]
  readonly d: number
  readonly batch: number
  readonly activation: Activation
  readonly sigma: number
  readonly x: number[][]
  readonly noise: number[][]
  readonly layers: Layer[]
  readonly objectives: Record<string, { readonly loss: number; readonly gradients: Layer[] }>
}

const { cases } = JSON.parse(readFileSync(new URL('../fixtures/gradients.json', import.meta.url), 'utf8')) as { cases: Case[] }
const pack = (layers: readonly Layer[]): Float64Array => Float64Array.from(layers.flatMap(({ weight, bias }, k) => (k < layers.length - 1 ? [...weight.flat(), ...bias!] : weight.flat())))

describe.each(engines)('on engine $name', (engine) => {
  test.each(cases.flatMap((each) => ['denoising', 'score-matching'].map((name) => ({ each, name, title: `${name} ${each.d}–${each.hidden.join('–')} ${each.activation}` }))))('$title', async ({ each, name }) => {
    const { d, batch: count, hidden, activation, sigma } = each
    const traced = trace(mlp({ hidden, activation }), d)
    const estimator = name === 'denoising' ? denoising : scoreMatching
    const { inputs, total, gradient } = overRows(traced, estimator.objective(traced, isotropic(sigma, d)))
    const program = await engine.prepare({ name: 'gradients', inputs: [...inputs, traced.theta], outputs: { total, gradient }, type: 'float64' })
    const results = await program.run({
      theta: { shape: [traced.parameterCount], data: pack(each.layers) },
      rows: { shape: [count, d], data: Float64Array.from(each.x.flat()) },
      draws: { shape: [count, d], data: Float64Array.from(each.noise.flat()) },
    })
    await program.release()
    const { loss, gradients } = each.objectives[name]
    const expected = pack(gradients)
    const largest = Math.max(...expected.map(Math.abs))
    expect(Math.abs(results.total.data[0] / count - loss)).toBeLessThanOrEqual(1e-10 * Math.abs(loss))
    expect(results.gradient.data.length).toBe(expected.length)
    expected.forEach((value, k) => expect(Math.abs(results.gradient.data[k] / count - value), `element ${k}`).toBeLessThanOrEqual(1e-10 * largest))
  })
})
