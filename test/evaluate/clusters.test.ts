// Separated clusters: which tables are flagged and which are not, over many seeds; the spanning tree and the valley by themselves.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import type { Random } from '../../src/base/random.ts'
import { clusterWarning, findClusters } from '../../src/evaluate/clusters.ts'
import { candidateEdges, componentsWithout, reachabilityTree } from '../../src/evaluate/spanning-tree.ts'
import { neighbourDistances, neighbourValley, projectedValley, valleyOnLine } from '../../src/evaluate/valley.ts'
import { mixtureRows, normalRows, parabolaRows, threeComponents } from './energies.ts'

type Draw = (count: number, random: Random) => Float64Array

function ringRows(count: number, random: Random): Float64Array {
  const rows = new Float64Array(2 * count)
  for (let i = 0; i < count; i++) {
    const angle = 2 * Math.PI * random.uniform()
    const radius = 5 + 0.2 * random.normal()
    rows.set([radius * Math.cos(angle), radius * Math.sin(angle)], 2 * i)
  }
  return rows
}

function uniformRows(count: number, dimension: number, random: Random): Float64Array {
  const rows = new Float64Array(count * dimension)
  random.fillUniform(rows)
  return rows
}

// Student t with three degrees of freedom, one chi-square for all columns of a row.
function heavyTailedRows(count: number, dimension: number, random: Random): Float64Array {
  const rows = new Float64Array(count * dimension)
  for (let i = 0; i < count; i++) {
    const scale = Math.sqrt((random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2) / 3)
    for (let j = 0; j < dimension; j++) rows[i * dimension + j] = random.normal() / scale
  }
  return rows
}

// Two unit Gaussians a distance apart along the diagonal.
const pair = (dimension: number, distance: number, weight = 0.5): Draw => (count, random) => mixtureRows([
  { weight, mean: Array(dimension).fill(0), deviation: 1 },
  { weight: 1 - weight, mean: Array(dimension).fill(distance / Math.sqrt(dimension)), deviation: 1 },
], count, random)

function flagged(draw: Draw, dimension: number, count: number, seeds: number): number {
  let result = 0
  for (let seed = 0; seed < seeds; seed++) if (findClusters(draw(count, createRandom(seed)), dimension).separated) result++
  return result
}

describe('findClusters', () => {
  it('finds the three components of sd .5 with their shares and centers, at 150, 500 and 2000 rows', () => {
    for (const count of [150, 500, 2000]) {
      for (let seed = 0; seed < 10; seed++) {
        const rows = mixtureRows(threeComponents(), count, createRandom(seed))
        const { separated, clusters, valley } = findClusters(rows, 2)
        expect(separated).toBe(true)
        expect(valley).toBeLessThan(0.005)
        expect(clusters.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12)
        if (count < 2000) continue
        expect(clusters).toHaveLength(3)
        threeComponents().forEach(({ weight, mean }, k) => {
          // Of the 1000 rows looked at, within four binomial errors.
          expect(Math.abs(clusters[k].share - weight)).toBeLessThan(4 * Math.sqrt((weight * (1 - weight)) / 1000))
          expect(Math.hypot(clusters[k].center[0] - mean[0], clusters[k].center[1] - mean[1])).toBeLessThan(0.15)
        })
      }
    }
  })
  // False alarms measured over 200 seeds at 150 rows: 6 (sd 1), 4 (five deviations apart), 0 for the parabola, the Gaussian in the
  // plane, the ring, heavy tails and the square; at 500 and 2000 rows none.
  const connected: [string, number, Draw][] = [
    ['the three components of sd 1', 2, (count, random) => mixtureRows(threeComponents(1), count, random)],
    ['a parabola', 2, parabolaRows],
    ['a Gaussian in one dimension', 1, (count, random) => normalRows(count, 1, random)],
    ['a Gaussian in two dimensions', 2, (count, random) => normalRows(count, 2, random)],
    ['a Gaussian in twenty dimensions', 20, (count, random) => normalRows(count, 20, random)],
    ['a ring', 2, ringRows],
    ['heavy tails', 2, (count, random) => heavyTailedRows(count, 2, random)],
    ['a uniform square', 2, (count, random) => uniformRows(count, 2, random)],
    ['two Gaussians four deviations apart', 10, pair(10, 4)],
    ['two Gaussians five deviations apart, weights .3 and .7', 5, pair(5, 5, 0.3)],
    ['a Gaussian rounded to half its deviation', 2, (count, random) => normalRows(count, 2, random).map((value) => Math.round(2 * value) / 2)],
    ['whole numbers', 1, (count, random) => normalRows(count, 1, random).map((value) => Math.round(2 * value))],
  ]
  it.each(connected)('does not flag %s', (_name, dimension, draw) => {
    expect(flagged(draw, dimension, 150, 10)).toBeLessThanOrEqual(1)
    expect(flagged(draw, dimension, 500, 6)).toBe(0)
    expect(flagged(draw, dimension, 2000, 3)).toBe(0)
  })
  const separated: [string, number, Draw, number][] = [
    ['two Gaussians eight deviations apart in one dimension', 1, pair(1, 8), 9],
    ['the same in ten dimensions', 10, pair(10, 8), 9],
    ['the same in twenty dimensions, weights .2 and .8', 20, pair(20, 8, 0.2), 9],
    ['a core in a ring, which no plane parts', 2, (count, random) => {
      const rows = ringRows(count, random)
      for (let i = 0; i < count; i++) if (random.uniform() < 0.3) rows.set([random.normal(), random.normal()], 2 * i)
      return rows
    }, 5],
    ['three clusters on a coarse grid', 2, (count, random) => mixtureRows(threeComponents(), count, random).map((value) => Math.round(4 * value) / 4), 9],
  ]
  // Of 10 tables of 150 rows at least so many: measured over 200 seeds, the core in the ring is seen in 169 (500 rows: 199); with
  // that rate fewer than 5 of 10 happen once in a thousand. The others were never missed in 30.
  it.each(separated)('flags %s', (_name, dimension, draw, least) => {
    expect(flagged(draw, dimension, 150, 10)).toBeGreaterThanOrEqual(least)
    expect(flagged(draw, dimension, 500, 6)).toBe(6)
    expect(flagged(draw, dimension, 2000, 3)).toBe(3)
  })
  it('does not take a few outliers for a cluster', () => {
    const rows = normalRows(500, 2, createRandom(1))
    for (let i = 0; i < 20; i++) rows.set([30 + rows[2 * i], 30 + rows[2 * i + 1]], 2 * i)
    expect(findClusters(rows, 2).separated).toBe(false)
    // 8 % are a cluster.
    for (let i = 20; i < 40; i++) rows.set([30 + rows[2 * i], 30 + rows[2 * i + 1]], 2 * i)
    const found = findClusters(rows, 2)
    expect(found.separated).toBe(true)
    expect(found.clusters[1].share).toBeCloseTo(0.08, 12)
  })
  it('finds setosa in iris: a third of the rows', () => {
    const text = readFileSync(new URL('../../examples/data/iris.csv', import.meta.url), 'utf8')
    const rows = Float64Array.from(text.trim().split('\n').slice(1).flatMap((line) => line.split(',').slice(0, 4).map(Number)))
    const { clusters } = findClusters(rows, 4)
    expect(clusters.map(({ share }) => share)).toEqual([100 / 150, 50 / 150])
    // The mean of setosa, published with the data.
    expect(Array.from(clusters[1].center, (value) => Number(value.toFixed(3)))).toEqual([5.006, 3.428, 1.462, 0.246])
  })
  it('does not depend on the units, and looks at no more rows than its limit', () => {
    const rows = mixtureRows(threeComponents(), 3000, createRandom(2))
    const reference = findClusters(rows, 2)
    const scaled = findClusters(rows.map((value, k) => (k % 2 === 0 ? 1024 * value : value / 64)), 2)
    expect(scaled.clusters.map(({ share }) => share)).toEqual(reference.clusters.map(({ share }) => share))
    expect(reference.rows).toBe(1000)
    expect(findClusters(rows, 2, { maximumRows: 400 }).rows).toBe(400)
  })
  it('says nothing about too few rows, and bears constant columns and copies', () => {
    expect(findClusters(Float64Array.of(0, 0, 0, 100, 100, 100), 1)).toMatchObject({ separated: false, valley: 1 })
    const constant = mixtureRows(threeComponents().slice(0, 2).map((component) => ({ ...component, weight: 0.5 })), 200, createRandom(3)).map((value, k) => (k % 2 === 0 ? value : 5))
    expect(findClusters(constant, 2).separated).toBe(true)
    expect(findClusters(new Float64Array(200), 2).separated).toBe(false)
  })
  it('warns with the shares and what they mean', () => {
    const warning = clusterWarning(findClusters(mixtureRows(threeComponents(), 2000, createRandom(4)), 2))
    expect(warning.code).toBe('separated-clusters')
    expect(warning.message).toMatch(/^the rows form 3 separated clusters \(\d\d %, \d\d % and \d\d % of the rows\)/)
    expect(warning.message).toMatch(/relative heights/)
    expect(warning.message).toMatch(/log-likelihood/)
  })
})

describe('the spanning tree', () => {
  it('has the least total length, as Kruskal’s algorithm finds it', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 12, max: 40 }), (seed, count) => {
      const rows = normalRows(count, 2, createRandom(seed))
      const tree = reachabilityTree(rows, 2, 3)
      const core = neighbourDistances(rows, rows, 2, 3)
      const pairs: [number, number, number][] = []
      for (let i = 0; i < count; i++) {
        for (let k = 0; k < i; k++) {
          pairs.push([Math.max(core[i], core[k], Math.hypot(rows[2 * i] - rows[2 * k], rows[2 * i + 1] - rows[2 * k + 1])), i, k])
        }
      }
      const group = Array.from({ length: count }, (_, i) => i)
      let total = 0
      for (const [length, i, k] of pairs.sort((a, b) => a[0] - b[0])) {
        if (group[i] === group[k]) continue
        total += length
        const [from, to] = [group[i], group[k]]
        group.forEach((value, m) => { if (value === from) group[m] = to })
      }
      expect(tree.length.reduce((sum, length) => sum + length, 0)).toBeCloseTo(total, 9)
    }), { numRuns: 20, seed: 1 })
  })
  it('proposes the widest gap first, and parts the rows there', () => {
    const rows = Float64Array.of(0, 1, 2, 3, 14, 15, 16, 17, 20.5, 21.5, 22.5, 23.5)
    const tree = reachabilityTree(rows, 1, 1)
    const candidates = candidateEdges(tree, 4)
    expect(candidates.map((edge) => tree.length[edge])).toEqual([11, 3.5])
    expect(Array.from(componentsWithout(tree, new Set(candidates)))).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
  })
})

describe('valleys', () => {
  it('is the valley of a Gaussian mixture, widened by the kernel', () => {
    // Equal groups N(±3, 1): the kernel of width h makes them N(±3, 1 + h²), whose saddle is 2 exp(−4.5/(1 + h²)) of the peak.
    const normal = normalRows(200_000, 1, createRandom(5))
    const left = normal.slice(0, 100_000).map((value) => value - 3)
    const right = normal.slice(100_000).map((value) => value + 3)
    const h = 0.9 * 100_000 ** -0.2
    expect(valleyOnLine(left, right) / (2 * Math.exp(-4.5 / (1 + h * h)))).toBeCloseTo(1, 1)
  })
  it('is 1 without a valley or with groups in the wrong order', () => {
    expect(valleyOnLine(Float64Array.of(1, 2), Float64Array.of(1, 2))).toBe(1)
    expect(valleyOnLine(Float64Array.of(5, 6), Float64Array.of(1, 2))).toBe(1)
    const normal = normalRows(3000, 1, createRandom(6)).sort()
    expect(valleyOnLine(normal.slice(0, 1500), normal.slice(1500))).toBeGreaterThan(0.9)
  })
  it('projects on the direction that parts the groups, however narrow beside the others', () => {
    const groups = [0, 1].map((g) => normalRows(400, 2, createRandom(7 + g)).map((value, k) => (k % 2 === 0 ? 50 * value : value + 12 * g)))
    const value = projectedValley({ dimension: 2, first: groups[0], second: groups[1] })
    expect(value).toBeLessThan(1e-4)
  })
  it('finds distances to the k-th neighbour, not counting the row itself', () => {
    const rows = Float64Array.of(0, 1, 3, 7)
    expect(Array.from(neighbourDistances(rows, rows, 1, 2))).toEqual([3, 2, 3, 6])
    expect(Array.from(neighbourDistances(Float64Array.of(2), rows, 1, 2))).toEqual([1])
    expect(neighbourValley({ dimension: 1, first: Float64Array.of(0, 1, 2, 3), second: Float64Array.of(40, 41, 42, 43) }, 1)).toBeLessThan(1e-9)
  })
})
