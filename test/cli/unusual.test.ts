// What `score` says of unusual rows, what `denoise` knows beside the mean, and noise taken out: through the built program, against closed forms.
import { beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { columnsOf, workspace } from './workspace.ts'

const here = workspace()
const csv = (name: string): Record<string, number[]> => columnsOf(here.read(name).toString())
const random = createRandom(5)
/** Rows of N((3, −1), [1 0.6; 0.6 0.64]) on units 1 and 10. */
const rows = (count: number): string => `a,b\n${Array.from({ length: count }, () => {
  const [u, v] = [random.normal(), random.normal()]
  return `${3 + u},${10 * (-1 + 0.6 * u + Math.sqrt(0.28) * v)}`
}).join('\n')}\n`
here.write('train.csv', rows(400))
here.write('new.csv', rows(50))

interface Gaussian { readonly k: readonly number[]; readonly mean: readonly number[] }
function fitted(run: string): Gaussian {
  const at = new Map((here.json(`${run}/fit.json`).parameters as { name: string; estimate: number }[]).map(({ name, estimate }) => [name, estimate]))
  return { k: ['1,1', '1,2', '2,2'].map((place) => at.get(`precision[${place}]`)!), mean: [1, 2].map((j) => at.get(`mean[${j}]`)!) }
}
const deviationOf = (values: number[]): number => {
  const mean = values.reduce((sum, value) => sum + value) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}
const inverted = ([a, b, c]: readonly number[]): number[] => [c, -b, a].map((value) => value / (a * c - b * b))
const energyOf = ({ k, mean }: Gaussian, a: number, b: number): number => {
  const [u, v] = [a - mean[0], b - mean[1]]
  return 0.5 * (k[0] * u * u + 2 * k[1] * u * v + k[2] * v * v)
}
const noise = ['--by', 'denoising', '--noise', '0.3,2'] as const

beforeAll(async () => {
  await here.document('fit', 'train.csv', '--model', 'gaussian', '--out', 'exact')
  await here.document('fit', 'train.csv', '--model', 'gaussian', ...noise, '--out', 'noisy')
  await here.document('fit', 'train.csv', '--hidden', '8', '--steps', '60', '--out', 'levels')
})

describe('score', () => {
  it('tells how many training rows are as unusual', async () => {
    await here.document('score', 'exact', 'new.csv', '-o', 'scored.csv')
    const [found, train, gaussian] = [csv('scored.csv'), csv('train.csv'), fitted('exact')]
    const others = train.a.map((a, i) => energyOf(gaussian, a, train.b[i]))
    found.a.forEach((a, i) => {
      const share = others.filter((energy) => energy >= energyOf(gaussian, a, found.b[i])).length / others.length
      expect(found.tail_probability[i]).toBeCloseTo(share, 12)
    })
  })
  it('splits the energy above that of the most probable training row among the columns', async () => {
    const document = await here.document('score', 'exact', 'new.csv', '-o', 'split.csv', '--attribution')
    expect(document).toMatchObject({ newColumns: ['log_density', 'score_a', 'score_b', 'tail_probability', 'attribution_a', 'attribution_b'] })
    const [found, train, gaussian] = [csv('split.csv'), csv('train.csv'), fitted('exact')]
    const energies = train.a.map((a, i) => energyOf(gaussian, a, train.b[i]))
    const lowest = energies.indexOf(Math.min(...energies))
    expect(document).toMatchObject({ attribution: { reference: { a: train.a[lowest], b: train.b[lowest] } } })
    found.a.forEach((a, i) => {
      // The gradient of a quadratic form is linear on the way: its mean there is that in the middle.
      const middle = [(a + train.a[lowest]) / 2 - gaussian.mean[0], (found.b[i] + train.b[lowest]) / 2 - gaussian.mean[1]]
      expect(found.attribution_a[i]).toBeCloseTo((a - train.a[lowest]) * (gaussian.k[0] * middle[0] + gaussian.k[1] * middle[1]), 9)
      expect(found.attribution_a[i] + found.attribution_b[i]).toBeCloseTo(energyOf(gaussian, a, found.b[i]) - energies[lowest], 9)
    })
  })
  it('says where the training rows are unknown, and takes them from --train', async () => {
    const { code, stdout, stderr } = await here.cli('score', 'exact/model.onnx', 'new.csv', '-o', 'alone.csv')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '50 rows written to alone.csv with log_density, score_a, score_b\n' })
    expect(stderr).toContain('no tail_probability: a model file alone does not say which rows it was fitted to (name training rows with --train)')
    await here.refused(['score', 'exact/model.onnx', 'new.csv', '-o', 'x.csv', '--attribution'], 1, { code: 'no-training-data', message: /^cannot attribute energies: .*--train/ })
    await here.document('score', 'exact/model.onnx', 'new.csv', '-o', 'named.csv', '--train', 'train.csv')
    expect(here.read('named.csv').equals(here.read('scored.csv'))).toBe(true)
  })
  it('reads the energy at another level of a ladder', async () => {
    await here.document('score', 'levels', 'new.csv', '-o', 'far.csv', '--noise', '4')
    const { score_a: scores, a } = csv('far.csv')
    // Noise of four standard deviations outweighs nearly all else: the score tends to −(x − mean)/(17 variances).
    const { mean, k } = fitted('exact')
    const variance = inverted(k)[0]
    // Sixty steps leave 0.06 of one over the standard deviation; the level of the fit would have scores of that size times ten and more.
    a.forEach((value, i) => expect(Math.abs(scores[i] + (value - mean[0]) / (17 * variance))).toBeLessThan(0.1 / Math.sqrt(variance)))
    await here.document('score', 'levels', 'new.csv', '-o', 'near.csv')
    expect(Math.max(...csv('near.csv').score_a.map(Math.abs))).toBeGreaterThan(1 / Math.sqrt(variance))
    await here.refused(['score', 'levels', 'new.csv', '-o', 'x.csv', '--noise', '1000'], 1, { code: 'unknown-noise', message: /^unknown noise: 1000 standard deviations lie outside of the levels that this run learned, [\d.]+ to [\d.]+ / })
    await here.refused(['score', 'exact', 'new.csv', '-o', 'x.csv', '--noise', '0.1'], 1, { code: 'no-noise-levels', message: /^--noise chooses a level of a run by dual or ladder, and exact, fitted by score-matching, has but one/ })
  })
})

describe('denoise --covariance', () => {
  const names = ['covariance_a_a', 'covariance_a_b', 'covariance_b_b']
  it('with the model\'s own noise is C − C(Σ + C)⁻¹C of a Gaussian', async () => {
    expect(await here.document('denoise', 'noisy', 'new.csv', '-o', 'own.csv', '--covariance')).toMatchObject({ newColumns: ['denoised_a', 'denoised_b', ...names] })
    // The model is that of noisy rows: its K is (Σ + C)⁻¹.
    const { k, mean } = fitted('noisy')
    const [c1, c2] = [0.09, 4]
    const found = csv('own.csv')
    found.a.forEach((a, i) => {
      expect(found.denoised_a[i]).toBeCloseTo(a - c1 * (k[0] * (a - mean[0]) + k[1] * (found.b[i] - mean[1])), 10)
      ;[c1 - c1 * k[0] * c1, -c1 * k[1] * c2, c2 - c2 * k[2] * c2].forEach((value, e) => expect(found[names[e]][i]).toBeCloseTo(value, 10))
    })
    await here.refused(['denoise', 'noisy/model.onnx', 'new.csv', '-o', 'x.csv', '--covariance'], 1, { code: 'no-denoiser', message: /^no covariance: noisy\/model\.onnx alone holds no second derivatives/ })
  })
  it('of a Gaussian at any noise', async () => {
    await here.document('denoise', 'exact', 'new.csv', '-o', 'any.csv', '--noise', '0.5,3', '--covariance')
    const k = fitted('exact').k
    const expected = inverted([k[0] + 1 / 0.25, k[1], k[2] + 1 / 9])
    const found = csv('any.csv')
    expected.forEach((value, e) => expect(found[names[e]][7]).toBeCloseTo(value, 10))
  })
  it('at any level of a ladder; its own is the smallest', async () => {
    await here.document('denoise', 'levels', 'new.csv', '-o', 'least.csv')
    const least = (here.json('levels/fit.json').estimator as { noise: number[] }).noise
    await here.document('denoise', 'levels', 'new.csv', '-o', 'same.csv', '--noise', least.join(','))
    const [own, same] = [csv('least.csv'), csv('same.csv')]
    own.denoised_a.forEach((value, i) => expect(Math.abs(same.denoised_a[i] - value)).toBeLessThan(1e-6))
    // The covariance is the slope of the mean times that of the noise: Cov{x|x̃} = C + C∇∇log p C = ∂E{x|x̃}/∂x̃ · C.
    const [h, t] = [0.02, 0.25]
    here.write('beside.csv', `a,b\n${[3.5, 3.5 + h, 3.5 - h].map((value) => `${value},-12`).join('\n')}\n`)
    await here.document('denoise', 'levels', 'beside.csv', '-o', 'slopes.csv', '--noise', '0.5', '--covariance')
    const found = csv('slopes.csv')
    const noiseOfA = t * deviationOf(csv('train.csv').a) ** 2
    for (const [name, mean] of [['covariance_a_a', found.denoised_a], ['covariance_a_b', found.denoised_b]] as const) {
      const slope = (mean[1] - mean[2]) / (2 * h)
      expect(Math.abs(found[name][0] / (slope * noiseOfA) - 1), name).toBeLessThan(2e-3)
    }
    await here.refused(['denoise', 'levels', 'new.csv', '-o', 'x.csv', '--noise', '0.0001'], 1, { code: 'unknown-noise', message: /lie outside of the levels/ })
  })
})

describe('fit --correct-noise', () => {
  it('writes the model of the rows without the noise; denoising stays that of the noise', async () => {
    const fit = await here.document('fit', 'train.csv', '--model', 'gaussian', ...noise, '--out', 'corrected', '--correct-noise')
    expect(fit).toMatchObject({ estimator: { noiseCorrection: 'derivatives' } })
    await here.document('score', 'corrected', 'new.csv', '-o', 'corrected.csv')
    await here.document('score', 'exact', 'new.csv', '-o', 'clean.csv')
    await here.document('score', 'noisy', 'new.csv', '-o', 'with-noise.csv')
    const [corrected, clean, noisy] = ['corrected.csv', 'clean.csv', 'with-noise.csv'].map((name) => csv(name).score_a)
    const off = (scores: number[]): number => Math.hypot(...scores.map((value, i) => value - clean[i])) / Math.hypot(...clean)
    expect(off(noisy)).toBeGreaterThan(0.1)
    expect(off(corrected)).toBeLessThan(0.5 * off(noisy))
    await here.document('denoise', 'corrected', 'new.csv', '-o', 'restored.csv', '--covariance')
    expect(here.read('restored.csv').equals(here.read('own.csv'))).toBe(true)
    await here.document('denoise', 'corrected', 'new.csv', '-o', 'mean.csv')
    expect(csv('mean.csv').denoised_b).toEqual(csv('own.csv').denoised_b)
    await here.refused(['denoise', 'corrected/model.onnx', 'new.csv', '-o', 'x.csv'], 1, { code: 'no-noise', message: /holds the density without the noise of its fit: give the run folder/ })
  })
  it('extrapolates, and refuses what adds no noise or is no way', async () => {
    expect(await here.document('fit', 'train.csv', '--model', 'gaussian', ...noise, '--correct-noise', 'extrapolate')).toMatchObject({ estimator: { noiseCorrection: 'extrapolate' } })
    await here.refused(['fit', 'train.csv', '--model', 'gaussian', '--correct-noise', '--out', 'x'], 2, { code: 'invalid-option', message: /^invalid correct-noise: score-matching adds no noise/ })
    await here.refused(['fit', 'train.csv', '--correct-noise', 'twice', '--out', 'x'], 2, { code: 'invalid-option', message: 'invalid correct-noise: twice (must be one of derivatives, extrapolate)' })
  })
})
