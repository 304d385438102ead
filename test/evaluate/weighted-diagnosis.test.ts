// Residuals and bands of weighted and clustered rows: whole weights are repeated rows clustered by what they repeat, and chance alone is standard normal.
import { beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { referenceEngine } from '../../src/engine/reference.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { fitParametric } from '../../src/estimate/parametric.ts'
import { clusterInfluences, openSensitivity } from '../../src/estimate/sensitivity.ts'
import { weightingOf, weightingOfSome } from '../../src/estimate/weighting.ts'
import type { Weighting } from '../../src/estimate/weighting.ts'
import { lineDistribution } from '../../src/evaluate/line-distribution.ts'
import { probabilityPlot } from '../../src/evaluate/probability-plot.ts'
import type { ProbabilityPlot } from '../../src/evaluate/probability-plot.ts'
import { steinResiduals } from '../../src/evaluate/stein-residuals.ts'
import type { Aspect, SteinResidual } from '../../src/evaluate/stein-residuals.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { trace } from '../../src/model/model.ts'
import { normalRows } from '../estimate/parametric-fixtures.ts'

const counted = (weights: ArrayLike<number> | undefined, clusters: ArrayLike<number> | undefined, count: number): Weighting => weightingOf({
  ...(weights ? { weights: { values: Float64Array.from(weights) } } : {}), ...(clusters ? { clusters: { of: Int32Array.from(clusters) } } : {}),
}, count, (k) => k)

/** A Gaussian of d columns fitted to counted rows: its residuals, from all rows or some, and the band of one column. */
async function diagnose(rows: Float64Array, d: number, weighting: Weighting, part = rows.length / d): Promise<{ residuals: SteinResidual[]; plot: ProbabilityPlot | null }> {
  const traced = trace(gaussian, d)
  const fit = await fitParametric(traced, scoreMatching, rows, referenceEngine, { random: createRandom(0), weighting })
  const sensitivity = openSensitivity(fit.free!, referenceEngine)
  const ofClusters = weighting.clusters && await clusterInfluences(sensitivity, rows, d, weighting)
  const some = rows.slice(0, part * d)
  const own = weightingOfSome(weighting, part, (k) => k)
  const [scores, influences] = [await sensitivity.scores(some), await sensitivity.influences(some)]
  const estimation = { rows: some, scores, influences, scoreSlopes: await sensitivity.scoreSlopes(some), weighting: own, ...(ofClusters ? { ofClusters } : {}) }
  const residuals = steinResiduals(some, scores, d, estimation, rows.length / d, undefined, own)
  if (d > 1) return { residuals, plot: null }
  const [precision, eta] = fit.theta
  const energy = { columns: ['x'], evaluate: async (points: Float64Array) => ({ energy: points.map((x) => precision * x * x / 2 - eta * x), score: points }) }
  const distribution = (await lineDistribution(energy, Float64Array.from([-8, 8]), undefined, (points) => sensitivity.logDensitySlopes(points)))!
  const influence = ofClusters ? { ofClusters } : { rows: some, values: influences, weighting: own }
  return { residuals, plot: probabilityPlot({ rows, weighting, distribution, influence, random: createRandom(1) }) }
}

const find = (all: readonly SteinResidual[], aspect: Aspect): SteinResidual => all.find((own) => own.aspect === aspect)!

describe.each([1, 2])('%i columns whose weights are whole numbers', (d) => {
  const count = 150
  const rows = normalRows(count, d, 'counted').map((z, k) => z + 0.2 * z * z + (k % d) * 0.3)
  const random = createRandom('times')
  const times = Array.from({ length: count }, () => random.integer(4))
  const repeated = times.flatMap((most, i) => Array.from({ length: most }, () => i))
  const repeatedRows = Float64Array.from(repeated.flatMap((i) => [...rows.subarray(i * d, (i + 1) * d)]))

  it('have the residuals and the band of repeated rows, clustered by what they repeat', async () => {
    const weighted = await diagnose(rows, d, counted(times, undefined, count))
    const clustered = await diagnose(repeatedRows, d, counted(undefined, repeated, repeated.length))
    weighted.residuals.forEach(({ value, standardError, z }, t) => {
      const other = clustered.residuals[t]
      expect(value).toBeCloseTo(other.value, 10)
      expect(standardError).toBeCloseTo(other.standardError, 10)
      if (z === null) expect(other.z).toBeNull()
      else expect(z).toBeCloseTo(other.z!, 7)
    })
    expect(weighted.residuals.filter(({ z }) => z !== null)).toHaveLength(2 * d)
    if (d > 1) return
    for (const which of ['probability', 'difference', 'standardError', 'quantile'] as const) {
      weighted.plot![which].forEach((value, k) => expect(value).toBeCloseTo(clustered.plot![which][k], 9))
    }
    // And errors are not those of so many independent rows.
    const naive = await diagnose(repeatedRows, d, {})
    expect(weighted.plot!.standardError[50] / naive.plot!.standardError[50]).toBeGreaterThan(1.2)
    expect(find(weighted.residuals, 'tails').standardError / find(naive.residuals, 'tails').standardError).toBeGreaterThan(1.2)
  })

  it('clusters of one row each change nothing', async () => {
    const plain = await diagnose(rows, d, {})
    const single = await diagnose(rows, d, counted(undefined, Array.from({ length: count }, (_, i) => count - 1 - i), count))
    plain.residuals.forEach(({ value, standardError }, t) => {
      expect(value).toBeCloseTo(single.residuals[t].value, 12)
      expect(standardError).toBeCloseTo(single.residuals[t].standardError, 9)
    })
    if (plain.plot) plain.plot.standardError.forEach((error, k) => expect(error).toBeCloseTo(single.plot!.standardError[k], 9))
  })
})

/** N(0, 1) by rows that share half of their variance with the five others of their cluster, drawn with sampling weights. */
function clusteredTable(seed: number): { rows: Float64Array; weighting: Weighting } {
  const random = createRandom(`table ${seed}`)
  const rows: number[] = []
  const clusters: number[] = []
  const weights: number[] = []
  for (let cluster = 0; cluster < 100; cluster++) {
    const common = random.normal()
    for (let k = 0; k < 6; k++) {
      const x = Math.SQRT1_2 * (common + random.normal())
      // Kept more often to the right, which the weight undoes.
      const chance = 0.25 + 0.5 / (1 + Math.exp(-x))
      if (random.uniform() > chance) continue
      rows.push(x)
      clusters.push(cluster)
      weights.push(1 / chance)
    }
  }
  return { rows: Float64Array.from(rows), weighting: counted(weights, clusters, rows.length) }
}

describe('over 200 tables of weighted, clustered rows of a true model', () => {
  const found: { z: Record<string, number>; part: Record<string, number>; pValue: number; naive: number }[] = []
  beforeAll(async () => {
    for (let seed = 0; seed < 200; seed++) {
      const { rows, weighting } = clusteredTable(seed)
      const { residuals, plot } = await diagnose(rows, 1, weighting)
      const { residuals: part } = await diagnose(rows, 1, weighting, Math.floor(rows.length * 0.6))
      const naive = await diagnose(rows, 1, weighting.weights ? { weights: weighting.weights } : {})
      const zs = (all: SteinResidual[]): Record<string, number> => Object.fromEntries(['skewness', 'tails'].map((aspect) => [aspect, find(all, aspect as Aspect).z!]))
      found.push({ z: zs(residuals), part: zs(part), pValue: plot!.pValue, naive: naive.plot!.pValue })
    }
  }, 240_000)

  it.each(['z', 'part'] as const)('residuals are standard normal (%s)', (which) => {
    for (const aspect of ['skewness', 'tails']) {
      // The mean of 200 squares has a standard deviation of √(2/200) = 0.1; four of them.
      expect(Math.abs(found.reduce((sum, own) => sum + own[which][aspect] ** 2, 0) / found.length - 1)).toBeLessThan(0.4)
    }
  })

  it('the band holds the rows in 95 of 100 tables; one that knows of no clusters does not', () => {
    // 10 of 200 are expected outside, with a standard deviation of 3.1; four of them.
    const outside = (which: 'pValue' | 'naive'): number => found.filter((own) => own[which] < 0.05).length
    expect(Math.abs(outside('pValue') - 10)).toBeLessThan(12.4)
    expect(outside('naive')).toBeGreaterThan(25)
  })
})
