// (e) Tweedie–Miyasawa with a full noise covariance C: E{x | x̃} = x̃ + C φ(x̃), φ the score of the noisy density.
// For a Gaussian mixture the posterior mean is known, so the identity can be checked to rounding.
//
// Run it with: npx jiti examples/tweedie-miyasawa.ts
import { createRandom, gaussianMixture } from 'unnorm'
import { runAsProgram } from './run-as-program.ts'

/** Correlated noise, stronger than one of the clumps is wide. */
const noise = [[0.5, 0.3], [0.3, 0.4]]
const clumps = [
  { weight: 0.5, mean: [-2, -1], covariance: [[0.3, 0.1], [0.1, 0.2]] },
  { weight: 0.3, mean: [2, -1], covariance: [[0.5, -0.2], [-0.2, 0.9]] },
  { weight: 0.2, mean: [0, 2], covariance: [[1, 0], [0, 0.1]] },
]
/** Adding Gaussian noise adds its covariance to that of every clump. */
const noisyClumps = clumps.map((clump) => ({ ...clump, covariance: clump.covariance.map((row, i) => row.map((value, j) => value + noise[i][j])) }))
const noisy = gaussianMixture('noisy', noisyClumps)

const times = (m: readonly (readonly number[])[], v: readonly number[]): number[] => m.map((row) => row[0] * v[0] + row[1] * v[1])
const inverse = ([[a, b], [c, d]]: readonly (readonly number[])[]): number[][] => [[d, -b], [-c, a]].map((row) => row.map((value) => value / (a * d - b * c)))

/** The denoiser made of the score. */
export function denoise(x: readonly number[]): number[] {
  const step = times(noise, Array.from(noisy.score(x)))
  return [x[0] + step[0], x[1] + step[1]]
}

/** The posterior mean by Bayes' rule: Σₖ P(k | x̃) [mₖ + Σₖ(Σₖ + C)⁻¹(x̃ − mₖ)]. */
export function posteriorMean(x: readonly number[]): number[] {
  const parts = clumps.map(({ weight, mean, covariance }, k) => {
    const shifted = [x[0] - mean[0], x[1] - mean[1]]
    const pulled = times(covariance, times(inverse(noisyClumps[k].covariance), shifted))
    const alone = gaussianMixture('one', [{ ...noisyClumps[k], weight: 1 }])
    return { probability: weight * Math.exp(alone.logDensity(x)), mean: [mean[0] + pulled[0], mean[1] + pulled[1]] }
  })
  const total = parts.reduce((sum, { probability }) => sum + probability, 0)
  return [0, 1].map((j) => parts.reduce((sum, { probability, mean }) => sum + probability * mean[j], 0) / total)
}

/** Both at noisy points drawn from the mixture. */
export function tweedieMiyasawa(count = 8) {
  const rows = noisy.sample(count, createRandom(4))
  return Array.from({ length: count }, (_, t) => {
    const point = [rows[2 * t], rows[2 * t + 1]]
    return { point, denoised: denoise(point), posterior: posteriorMean(point) }
  })
}

await runAsProgram(import.meta.url, (print) => {
  const show = (v: readonly number[]): string => `(${v.map((value) => value.toFixed(6).padStart(10)).join(', ')})`
  print('noisy point               x̃ + C φ(x̃)                E{x | x̃} by Bayes\' rule')
  for (const { point, denoised, posterior } of tweedieMiyasawa()) print(`${show(point)}  ${show(denoised)}  ${show(posterior)}`)
})
