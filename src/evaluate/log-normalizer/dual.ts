// A dual energy's own log Z (Guth, Kadkhodaie & Simoncelli 2025): ∂ₜU carries the normalization from the largest noise level,
// where the noisy data nearly are a Gaussian, down to all others.
import { importanceSample } from './importance.ts'
import type { LogNormalizerMethod } from './method.ts'
import { noisyGaussian } from './reference-gaussian.ts'

const DRAWS = 20_000

/** log Z at the largest level, by importance sampling from the Gaussian of the noisy rows. */
export const dual: LogNormalizerMethod = {
  name: 'dual',
  sentence: 'the same at all noise levels as at the largest, where the noisy data nearly are a Gaussian; its error is that at the largest level alone',
  refuses: ({ ladder, ownsNormalizer }) => (ladder && ownsNormalizer ? null : 'only a fit by dual score matching knows its own log Z'),
  async estimate({ ladder, rows, random, now }) {
    const start = now()
    const { most } = ladder!.ladder
    const { value, standardError, effectiveShare } = await importanceSample(ladder!.at(most), noisyGaussian(rows, ladder!)(most), random, DRAWS)
    return {
      method: 'dual', value, standardError, bounds: null,
      doubt: 'nothing says how well the energy carried log Z down its noise levels',
      evaluations: DRAWS, seconds: (now() - start) / 1000, diagnostics: { effectiveShare },
    }
  },
}
