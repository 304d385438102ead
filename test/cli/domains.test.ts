// Domains on the command line: fits on them, what is refused, and what other commands make of such runs.
import { rmSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { iris, workspace } from './workspace.ts'

const here = workspace()
const directions = 'declination,inclination\n140,21\n127,23\n142,19\n136,22\n'

it('the truncated Gaussian of the reference page, its weight in fit.json', async () => {
  const fit = await here.document('fit', iris, '--model', 'truncated-gaussian', '--boundary-weight', 'min(x, 3)')
  expect(fit).toMatchObject({
    model: { domain: '`Sepal.Length` > 0, `Sepal.Width` > 0, `Petal.Length` > 0, `Petal.Width` > 0' },
    estimator: { route: 'closed-form', boundaryWeight: 'min(x, 3)' },
  })
  const [first] = fit.parameters as { name: string; estimate: number; standardError: number }[]
  expect([first.name, first.estimate.toFixed(9), first.standardError.toFixed(5)]).toEqual(['precision[1,1]', '10.245238173', '1.09859'])
})

it('directions in degrees: full and hybrid estimate, scores by the angles', async () => {
  here.write('directions.csv', directions)
  const words = ['fit', 'directions.csv', '--model', 'von-mises-fisher', '--domain', 'direction(declination, inclination)']
  const kappa = (fit: Record<string, unknown>): number => (fit.parameters as { name: string; estimate: number }[]).find(({ name }) => name === 'kappa')!.estimate
  const full = await here.document(...words, '--out', 'full')
  expect(kappa(full)).toBeCloseTo(212.8724964, 6)
  expect(full).toMatchObject({ logNormalizer: { method: 'exact' }, logLikelihood: { baselines: { gaussian: null } } })
  expect(kappa(await here.document(...words, '--fix', 'direction'))).toBeCloseTo(212.8705506, 6)
  await here.document('score', 'full', 'directions.csv', '-o', 'scored.csv')
  const [header, ...rows] = here.read('scored.csv').toString().trim().split('\n').map((line) => line.split(','))
  // log p at the first direction and a thousandth of a degree on, by hand.
  const eta = (full.parameters as { estimate: number }[]).slice(0, 3).map(({ estimate }) => estimate)
  const log = (a: number, b: number): number => [Math.cos(b) * Math.cos(a), Math.cos(b) * Math.sin(a), Math.sin(b)].reduce((sum, z, k) => sum + eta[k] * z, 0)
  const degree = Math.PI / 180
  const slopes = [log(140.001 * degree, 21 * degree) - log(139.999 * degree, 21 * degree), log(140 * degree, 21.001 * degree) - log(140 * degree, 20.999 * degree)].map((difference) => difference / 0.002)
  const score = ['score_declination', 'score_inclination'].map((name) => Number(rows[0][header.indexOf(name)]))
  score.forEach((value, k) => expect(value).toBeCloseTo(slopes[k], 5))
})

it('many directions in degrees have the residuals of their unit vectors', async () => {
  const random = createRandom('angles')
  const rows = Array.from({ length: 300 }, () => [random.normal(), random.normal(), random.normal() + 1.5]).map((z) => z.map((value) => value / Math.hypot(...z)))
  const degree = 180 / Math.PI
  here.write('angles.csv', `a,b\n${rows.map(([x, y, z]) => [Math.atan2(y, x) * degree, Math.asin(z) * degree].join(',')).join('\n')}\n`)
  here.write('units.csv', `x,y,z\n${rows.map((z) => z.join(',')).join('\n')}\n`)
  const residuals = (fit: Record<string, unknown>) => (fit.residuals as { aspect: string; columns: string[]; value: number }[])
  const angles = residuals(await here.document('fit', 'angles.csv', '--model', 'von-mises-fisher', '--domain', 'direction(a, b)'))
  const units = residuals(await here.document('fit', 'units.csv', '--model', 'von-mises-fisher'))
  expect(angles.map(({ aspect, columns }) => [aspect, columns])).toEqual(units.map(({ aspect, columns }) => [aspect, columns]))
  angles.forEach(({ value }, k) => expect(value).toBeCloseTo(units[k].value, 6))
})

it('directions beside another column: log Z, a sample on the sphere, the kernel Stein test, attributions that add up, and the report', async () => {
  const random = createRandom('mixed')
  const degree = 180 / Math.PI
  const rows = Array.from({ length: 400 }, () => { const a = random.normal(); return [a * degree, 1.5 * Math.cos(a) + random.normal()] })
  here.write('mixed.csv', `angle,x\n${rows.map((row) => row.join(',')).join('\n')}\n`)
  const fit = await here.document('fit', 'mixed.csv', '--domain', 'direction(angle)', '--log-density', 'a*z1 + b*z2 - k*x^2/2 + c*x*z1'.replaceAll('z1', '`x′`').replaceAll('z2', 'y'), '--out', 'mixed')
  expect(fit).toMatchObject({ model: { domain: 'direction(angle)' }, logNormalizer: { method: 'quadrature' } })
  expect(here.read('mixed/report.html').toString()).toContain('Each column by itself')
  expect(await here.document('sample', 'mixed', '-n', '2000', '-o', 'mixed-drawn.csv')).toMatchObject({ rows: 2000 })
  const found = here.read('mixed-drawn.csv').toString().trim().split('\n').slice(1).map((line) => line.split(',').map(Number))
  // Without x the angle has the density exp(a cos + b sin + c² cos²/(2k)).
  const [a, b, k, c] = ['a', 'b', 'k', 'c'].map((name) => (fit.parameters as { name: string; estimate: number }[]).find((own) => own.name === name)!.estimate)
  const around = Array.from({ length: 720 }, (_, i) => i / 2 / degree)
  const weights = around.map((angle) => Math.exp(a * Math.cos(angle) + b * Math.sin(angle) + (c * Math.cos(angle)) ** 2 / (2 * k)))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const cosine = around.reduce((sum, angle, i) => sum + weights[i] * Math.cos(angle) / total, 0)
  // 2000 draws of a cosine: an error of at most 1/√2000, as it lies within ±1; four of these.
  expect(Math.abs(found.reduce((sum, [angle]) => sum + Math.cos(angle / degree) / found.length, 0) - cosine)).toBeLessThan(4 / Math.sqrt(2000))
  expect(fit.logNormalizer).toMatchObject({ value: expect.closeTo(Math.log(total / 720 * 2 * Math.PI * Math.sqrt(2 * Math.PI / k)), 4) })
  const evaluation = await here.document('evaluate', 'mixed', 'mixed.csv')
  expect(evaluation).toMatchObject({ goodnessOfFit: { test: 'kernel-stein', pValue: expect.any(Number) }, logLikelihood: { value: expect.any(Number), baselines: { gaussian: null } } })
  // Angle and x hang together, which the parts by themselves do not know.
  const { independent, kernelDensity } = (evaluation as unknown as { logLikelihood: { baselines: { independent: number; kernelDensity: number } } }).logLikelihood.baselines
  const { baselines, differences } = fit.logLikelihood as { baselines: Record<string, number>; differences: Record<string, { value: number; standardError: number }> }
  for (const name of ['independent', 'kernelDensity']) expect(differences[name].value).toBeGreaterThan(3 * differences[name].standardError)
  expect([baselines.independent, baselines.kernelDensity]).toEqual([expect.closeTo(independent, 9), expect.closeTo(kernelDensity, 9)])
  await here.document('score', 'mixed', 'mixed.csv', '--attribution', '-o', 'mixed-scored.csv')
  const [header, ...scored] = here.read('mixed-scored.csv').toString().trim().split('\n').map((line) => line.split(','))
  const values = (name: string): number[] => scored.map((row) => Number(row[header.indexOf(name)]))
  const highest = Math.max(...values('log_density'))
  values('attribution_angle').forEach((value, k) => expect(value + values('attribution_x')[k]).toBeCloseTo(highest - values('log_density')[k], 2))
})

it('draws of angles lie in the turn of the rows, with a run folder and with the model file alone', async () => {
  const random = createRandom('turns')
  const degree = 180 / Math.PI
  // Around 0 and 30 degrees, by 20 and 10: written from −180 to 180, and from 0 to 360.
  const pairs = Array.from({ length: 400 }, () => [20 * random.normal(), 30 + 10 * random.normal()])
  here.write('signed.csv', `longitude,latitude\n${pairs.map((pair) => pair.join(',')).join('\n')}\n`)
  here.write('unsigned.csv', `longitude,latitude\n${pairs.map(([a, b]) => [(a + 360) % 360, b].join(',')).join('\n')}\n`)
  const domain = 'direction(longitude, latitude)'
  for (const name of ['signed', 'unsigned']) await here.document('fit', `${name}.csv`, '--model', 'von-mises-fisher', '--domain', domain, '--out', name)
  const drawn = async (model: string): Promise<number[][]> => {
    await here.document('sample', model, '-n', '500', '-o', 'turned.csv')
    const rows = here.read('turned.csv').toString().trim().split('\n').slice(1).map((line) => line.split(',').map(Number))
    rmSync(here.path('turned.csv'))
    return rows
  }
  const signed = await drawn('signed')
  expect(signed.every(([a]) => a >= -180 && a < 180)).toBe(true)
  const parameter = (name: string): number => (here.json('signed/fit.json').parameters as { name: string; estimate: number }[]).find((own) => own.name === name)!.estimate
  const mean = signed.reduce((sum, [a]) => sum + a / 500, 0)
  const deviation = Math.sqrt(signed.reduce((sum, [a]) => sum + (a - mean) ** 2 / 500, 0))
  // Around the mean direction the density is symmetric in the longitude; four errors of 500 draws, of which autocorrelation leaves half.
  expect(Math.abs(mean - Math.atan2(parameter('eta[2]'), parameter('eta[1]')) * degree)).toBeLessThan((4 * deviation) / Math.sqrt(250))
  const unsigned = await drawn('unsigned')
  expect(unsigned.every(([a]) => a >= 0 && a < 360)).toBe(true)
  expect(unsigned.some(([a]) => a > 300)).toBe(true)
  expect((await drawn('signed/model.onnx')).some(([a]) => a < 0)).toBe(true)
})

it('compositions are closed when asked to, and a sample of them sums to one', async () => {
  const parts = Array.from({ length: 200 }, (_, k) => [2 + Math.sin(k), 3 + Math.cos(1.7 * k), 1 + (k % 7) / 7])
  here.write('parts.csv', `a,b,c\n${parts.map((row) => row.join(',')).join('\n')}\n`)
  await here.refused(['fit', 'parts.csv', '--model', 'dirichlet'], 1, { code: 'outside-domain', message: /^parts\.csv: 200 of 200 rows lie outside the domain simplex\(a, b, c\): row 1: the parts sum to 7, more than 1 by 6 \(2, 4, 1\); .*--close divides/ })
  expect(await here.document('fit', 'parts.csv', '--model', 'dirichlet', '--close', '--out', 'closed')).toMatchObject({ estimator: { boundaryWeight: 'minsq(0.3)', stopped: 'solved' } })
  await here.document('sample', 'closed', '-n', '50', '-o', 'drawn.csv')
  const drawn = here.read('drawn.csv').toString().trim().split('\n').slice(1).map((line) => line.split(',').map(Number))
  for (const row of drawn) expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12)
  await here.refused(['evaluate', 'closed', 'parts.csv'], 1, { code: 'outside-domain', message: /--close divides/ })
  expect(await here.document('evaluate', 'closed', 'parts.csv', '--close')).toMatchObject({ rows: 200, logNormalizer: { method: 'exact' } })
})

it('what a domain refuses', async () => {
  here.write('directions.csv', directions)
  const fit = (...words: string[]): string[] => ['fit', 'directions.csv', ...words]
  const refusals: [string[], number, string, RegExp][] = [
    [fit('--domain', 'inclination > '), 2, 'invalid-domain', /^invalid domain: it ends where a number or the name of a column should be\n {2}inclination > \n {16}\^$/],
    [fit('--domain', 'inklination > 0', '--model', 'gaussian'), 1, 'unknown-column', /unknown column inklination \(did you mean inclination\?\)/],
    [fit('--domain', 'inclination > 20', '--model', 'gaussian'), 1, 'outside-domain', /1 of 4 rows lies outside the domain inclination > 20: row 3: inclination is 19/],
    [fit('--domain', 'positive'), 2, 'invalid-domain', /mlp is a network/],
    [fit('--domain', 'positive', '--model', 'gaussian', '--by', 'denoising'), 2, 'invalid-option', /denoising adds noise, which leaves the domain/],
    [fit('--domain', 'real', '--model', 'truncated-gaussian', '--boundary-weight', 'min(x, 3)'), 2, 'invalid-boundary-weight', /is a weight of columns with a bound, and the domain is real/],
    [fit('--model', 'gamma', '--columns', 'inclination', '--domain', 'real'), 1, 'invalid-domain', /real is not inside inclination > 0, where model gamma is defined/],
    [fit('--model', 'gamma', '--columns', 'inclination', '--boundary-weight', 'min(y, 3)'), 2, 'formula', /^invalid boundary weight: y stands for nothing: it is a function of x and s\n {2}min\(y, 3\)\n {6}\^$/],
    [fit('--model', 'gamma', '--columns', 'inclination', '--close'), 2, 'invalid-option', /has neither compositions nor directions/],
  ]
  for (const [words, code, error, message] of refusals) await here.refused(words, code, { code: error, message })
})

it('rows outside the domain: the first five, with their values and what is wrong with them', async () => {
  here.write('signs.csv', `x,y\n${Array.from({ length: 20 }, (_, k) => `${k % 3 === 1 ? -k : k + 1},${2 + Math.sin(k)}`).join('\n')}\n`)
  await here.refused(['fit', 'signs.csv', '--model', 'truncated-gaussian'], 1, {
    code: 'outside-domain',
    message: 'signs.csv: 7 of 20 rows lie outside the domain x > 0, y > 0: row 2: x is -1; row 5: x is -4; row 8: x is -7; row 11: x is -10; row 14: x is -13; … (correct them, leave them out, or give another --domain; rows count from 1, without the header)',
  })
})

it('directions that are no unit vectors: closing mends their length, and nothing mends a zero vector', async () => {
  const write = (vectors: readonly string[]) => here.write('vectors.csv', `x,y,z\n${[...vectors, ...Array.from({ length: 20 }, (_, k) => [Math.cos(k) * Math.sin(0.3 * k + 0.1), Math.sin(k) * Math.sin(0.3 * k + 0.1), Math.cos(0.3 * k + 0.1)].join(','))].join('\n')}\n`)
  const fit = ['fit', 'vectors.csv', '--model', 'von-mises-fisher']
  write(['0,0,0', '1.2,0,1.6'])
  await here.refused(fit, 1, { code: 'outside-domain', message: /^vectors\.csv: 2 of 22 rows lie outside the domain sphere\(x, y, z\): row 1: a zero vector, which has no direction \(0, 0, 0\); row 2: a vector of length 2 instead of 1 \(1\.2, 0, 1\.6\)/ })
  await here.refused([...fit, '--close'], 1, { code: 'outside-domain', message: /^vectors\.csv: 1 of 22 rows lies outside the domain sphere\(x, y, z\): row 1: a zero vector/ })
  write(['1.2,0,1.6'])
  await here.refused(fit, 1, { code: 'outside-domain', message: /row 1: a vector of length 2 instead of 1 .*--close divides/ })
  expect(await here.document(...fit, '--close', '--out', 'unit')).toMatchObject({ data: { rowsUsed: 21 }, estimator: { stopped: 'solved' } })
})
