// `unnorm evaluate --log-z` and `--check` through the built program: against the exact log Z of a Gaussian, and for a network with a ladder.
import { beforeAll, describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { correlatedGaussian } from '../evaluate/known-normalizers.ts'
import { workspace } from './workspace.ts'

interface Estimate {
  readonly method: string
  readonly value: number | null
  readonly standardError: number
  readonly bounds: { readonly lower: { readonly value: number }; readonly upper: { readonly value: number } } | null
  readonly evaluations: number
  readonly seconds: number
  readonly doubt: string | null
}
interface Document {
  readonly logNormalizer: { readonly value: number; readonly standardError: number; readonly method: string }
  readonly logNormalizers: readonly Estimate[]
  readonly logLikelihood: { readonly value: number }
  readonly check: { readonly rows: number; readonly difference: { readonly value: number; readonly standardError: number } } | null
  readonly warnings: readonly { readonly code: string }[]
}

const here = workspace()
const evaluate = async (...words: string[]) => await here.document('evaluate', ...words) as unknown as Document

beforeAll(async () => {
  const density = correlatedGaussian(4)
  for (const [name, count] of [['train', 1000], ['new', 200]] as const) {
    const rows = density.sample(count, createRandom(name))
    here.write(`${name}.csv`, ['a,b,c,d', ...Array.from({ length: count }, (_, i) => rows.subarray(4 * i, 4 * i + 4).join())].join('\n'))
  }
  await here.document('fit', 'train.csv', '--model', 'gaussian', '--out', 'gaussian')
  await here.document('fit', 'train.csv', '--by', 'dual', '--hidden', '16,16', '--steps', '300', '--out', 'network')
}, 120_000)

describe('log Z of a Gaussian, which is exact', () => {
  test('is left as it is, or compared with what is asked for', async () => {
    const { logNormalizer, logNormalizers, check } = await evaluate('gaussian', 'new.csv')
    expect([logNormalizer.method, logNormalizers, check]).toEqual(['exact', [], null])
    const found = await evaluate('gaussian', 'new.csv', '--log-z', 'annealed,bridge,importance')
    expect(found.logNormalizers.map(({ method }) => method)).toEqual(['annealed', 'bridge', 'importance'])
    for (const { value, standardError, evaluations, doubt } of found.logNormalizers) {
      // Importance sampling draws from the very density: its weights are equal but for rounding.
      expect(Math.abs(value! - logNormalizer.value)).toBeLessThan(4 * standardError + 1e-9)
      expect(evaluations).toBeGreaterThan(1000)
      expect(doubt).toBe(null)
    }
    expect(found.logNormalizer).toEqual(logNormalizer)
    expect(found.warnings.filter(({ code }) => code === 'normalizers-disagree')).toEqual([])
  })

  test('what does not apply is refused', async () => {
    await here.refused(['evaluate', 'gaussian', 'new.csv', '--log-z', 'quadrature'], 1, { code: 'invalid-option', message: 'invalid --log-z: quadrature does not apply: reaches 3 columns, not 4' })
    await here.refused(['evaluate', 'gaussian', 'new.csv', '--log-z', 'dual'], 1, { code: 'invalid-option', message: /only a fit by dual score matching/ })
    await here.refused(['evaluate', 'gaussian', 'new.csv', '--log-z', 'brige'], 2, { code: 'invalid-option', message: /did you mean bridge\?/ })
    await here.refused(['evaluate', 'gaussian', 'new.csv', '--check'], 1, { code: 'invalid-option', message: /the probability flow needs all noise levels/ })
  })
})

describe('log Z of a network with a ladder', () => {
  test('by four methods that agree, with bounds and cost; the fit reports one of them', async () => {
    const found = await evaluate('network', 'new.csv', '--check')
    expect(found.logNormalizers.map(({ method }) => method)).toEqual(['bridge', 'annealed', 'importance', 'dual'])
    const by = (name: string): Estimate => found.logNormalizers.find(({ method }) => method === name)!
    expect(by('annealed').bounds!.upper.value).toBeGreaterThan(by('annealed').bounds!.lower.value - 0.3)
    expect(['bridge', 'annealed']).toContain(found.logNormalizer.method)
    expect(Math.abs(by('importance').value! - found.logNormalizer.value)).toBeLessThan(4 * Math.hypot(by('importance').standardError, found.logNormalizer.standardError))
    expect(found.check!.rows).toBe(100)
    // The flow's own error is that of a network trained for a moment.
    expect(Math.abs(found.check!.difference.value)).toBeLessThan(0.3)
    const fitted = here.json('network/fit.json') as unknown as Document
    expect(fitted.logNormalizer.method).toBe('annealed')
    expect(Math.abs(fitted.logNormalizer.value - found.logNormalizer.value)).toBeLessThan(4 * Math.hypot(fitted.logNormalizer.standardError, found.logNormalizer.standardError))
  })

  test('stored: the value of the fit as it is', async () => {
    const { logNormalizer, logNormalizers } = await evaluate('network', 'new.csv', '--log-z', 'stored')
    expect(logNormalizers).toEqual([])
    expect(logNormalizer).toEqual((here.json('network/fit.json') as unknown as Document).logNormalizer)
  })
})
