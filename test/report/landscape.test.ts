// What figures show, checked before anything is drawn: densities against closed forms, arrows against the score.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cellMiddles, enclosingLevels, gridDensity, planeRows } from '../../src/report/landscape/density.ts'
import { createRandom } from '../../src/base/random.ts'
import { binCount, equalUnits, frameOf, histogram, rowsInside, spreadIndices, thinRows } from '../../src/report/landscape/frame.ts'
import { prepareLandscape } from '../../src/report/landscape/landscape.ts'
import type { LandscapeDetails, LineLandscape, PairsLandscape, PlaneLandscape } from '../../src/report/landscape/landscape.ts'
import { medianSteepness, scoreArrows } from '../../src/report/landscape/score-arrows.ts'
import { energyOf, generator, mixtureEnergy, mixtureRow, tableOf } from './examples.ts'

const details: LandscapeDetails = { heading: 'test', logNormalizer: null, noise: null, warnings: [] }
const logTwoPi = Math.log(2 * Math.PI)

/** A correlated Gaussian in units a thousand times apart. */
const sds = [2, 3000]
const correlation = 0.8
const gaussian = energyOf(['length', 'mass'], (x) => {
  const [a, b] = [x[0] / sds[0], x[1] / sds[1]]
  const q = 1 / (1 - correlation ** 2)
  return { energy: 0.5 * q * (a * a - 2 * correlation * a * b + b * b) + 7, score: [(-q * (a - correlation * b)) / sds[0], (-q * (b - correlation * a)) / sds[1]] }
})
const gaussianLogZ = logTwoPi + Math.log(sds[0] * sds[1] * Math.sqrt(1 - correlation ** 2)) - 7
const random = generator(11)
const gaussianTable = tableOf(['length', 'mass'], 3000, () => {
  const a = random.normal()
  return [sds[0] * a, sds[1] * (correlation * a + Math.sqrt(1 - correlation ** 2) * random.normal())]
})

describe('the density on a grid', () => {
  it('sums to one over a normalized Gaussian and has its peak, with a given log Z', async () => {
    const known = { value: gaussianLogZ, standardError: 1e-5, method: 'quadrature' }
    const landscape = await prepareLandscape(gaussian, gaussianTable, { ...details, logNormalizer: known }) as PlaneLandscape
    // The frame leaves out the tails beyond the data: about 3.5 standard deviations.
    expect(landscape.grid.mass).toBeGreaterThan(0.995)
    expect(landscape.grid.mass).toBeLessThan(1.0001)
    expect(landscape.grid.peak).toBeCloseTo(Math.exp(-7 - gaussianLogZ), 6)
    expect(landscape.grid.normalization).toEqual({ logNormalizer: gaussianLogZ, standardError: 1e-5, method: 'quadrature' })
  })

  it('is normalized over the frame when log Z is unknown, and says so', async () => {
    const landscape = await prepareLandscape(gaussian, gaussianTable, details) as PlaneLandscape
    expect(landscape.grid.mass).toBeCloseTo(1, 12)
    expect(landscape.grid.normalization.method).toBe('frame')
    expect(landscape.grid.normalization.logNormalizer).toBeCloseTo(gaussianLogZ, 2)
  })

  it('has the x axis fastest and y upwards', () => {
    const rows = planeRows([[0, 2], [10, 30]], 2)
    expect(Array.from(rows)).toEqual([0.5, 15, 1.5, 15, 0.5, 25, 1.5, 25])
    expect(Array.from(cellMiddles([-1, 1], 4))).toEqual([-0.75, -0.25, 0.25, 0.75])
  })

  it('survives energies that exp() cannot, and infinite ones', () => {
    const energy = Float64Array.from([5000, 5001, Infinity, Number.NaN])
    const grid = gridDensity(energy, 1, null)
    expect(Array.from(grid.density)).toEqual([1, Math.exp(-1), 0, 0].map((value) => expect.closeTo(value / (1 + Math.exp(-1)), 12)))
    expect(grid.undefinedPoints).toBe(1)
    expect(() => gridDensity(Float64Array.from([Number.NaN]), 1, null)).toThrow(/not a number at all 1 grid points/)
    expect(() => gridDensity(Float64Array.from([Infinity]), 1, null)).toThrow(/infinite at all 1 grid points/)
  })
})

describe('contours', () => {
  it('of a Gaussian in the plane enclose share q at density (1 − q) × peak', async () => {
    const wide = energyOf(['a', 'b'], (x) => ({ energy: 0.5 * (x[0] ** 2 + x[1] ** 2), score: [-x[0], -x[1]] }))
    const rows = planeRows([[-7, 7], [-7, 7]], 200)
    const { energy } = await wide.evaluate(rows)
    const grid = gridDensity(energy, (14 / 200) ** 2, { value: logTwoPi, standardError: null, method: null })
    const shares = [0.25, 0.5, 0.75, 0.95]
    const levels = enclosingLevels(grid, shares)
    // The level is that of a whole cell: its density differs from the exact one by up to a cell's mass, .07² / 2π.
    shares.forEach((share, index) => expect(Math.abs(levels[index] * 2 * Math.PI - (1 - share))).toBeLessThan(0.004))
  })

  it('are left out for shares that the frame does not hold', () => {
    const grid = gridDensity(Float64Array.from([0, 0]), 1, { value: Math.log(4), standardError: null, method: null })
    expect(grid.mass).toBe(0.5)
    expect(enclosingLevels(grid, [0.3, 0.6])).toEqual([0.25, Number.NaN])
  })
})

describe('score arrows', () => {
  it('start at the grid, point along the score in equal units, and have lengths s / (s + half)', () => {
    const points = Float64Array.from([0, 0, 1, 2, 3, 3])
    const scores = Float64Array.from([3, 4, 0, 0, -0.3, 0.4])
    const arrows = scoreArrows(points, scores, [10, 10], 0.1, 20)
    expect(arrows.map(({ x, y }) => [x, y])).toEqual([[0, 0], [1, 2], [3, 3]])
    const length = (index: number): number => Math.hypot(arrows[index].dx, arrows[index].dy)
    expect(length(0)).toBeCloseTo((0.1 * 10 * 50) / (50 + 20), 12)
    expect(arrows[0].dx / length(0)).toBeCloseTo(0.6, 12)
    expect(arrows[0].dy / length(0)).toBeCloseTo(0.8, 12)
    expect(length(1)).toBe(0)
    expect(arrows[2].dx / length(2)).toBeCloseTo(-0.6, 12)
    expect(arrows[2].dy / length(2)).toBeCloseTo(0.8, 12)
  })

  it('are perpendicular to the contours as drawn, whatever the units', () => {
    fc.assert(fc.property(fc.double({ min: 0.001, max: 1000, noNaN: true }), fc.double({ min: -3, max: 3, noNaN: true }), fc.double({ min: 0.1, max: 3, noNaN: true }), (unit, a, b) => {
      // In the picture (u = x / width) the energy is ½‖u‖²·100 around 0: contours are circles, uphill is towards 0.
      const widths = [unit, 5] as const
      const u = [a / 10, b / 10]
      const [arrow] = scoreArrows(Float64Array.from([u[0] * widths[0], u[1] * widths[1]]), Float64Array.from([(-100 * u[0]) / widths[0], (-100 * u[1]) / widths[1]]), widths, 0.05, 1)
      const drawn = [arrow.dx / widths[0], arrow.dy / widths[1]]
      expect(drawn[0] * u[1] - drawn[1] * u[0]).toBeCloseTo(0, 10)
      expect(drawn[0] * u[0] + drawn[1] * u[1]).toBeLessThan(0)
      expect(Math.hypot(...drawn)).toBeLessThan(0.05)
    }))
  })

  it('leave out scores that are not finite and scale by the median', () => {
    expect(scoreArrows(Float64Array.from([0, 0, 1, 1]), Float64Array.from([Number.NaN, 0, 1, 0]), [1, 1], 1, 1)).toHaveLength(1)
    expect(medianSteepness(Float64Array.from([1, 0, 0, 2, 3, 0, Infinity, 0]), [10, 10])).toBe(20)
    expect(medianSteepness(Float64Array.from([0, 0]), [1, 1])).toBe(1)
  })

  it('never reach the next point of the grid in the figure', async () => {
    const landscape = await prepareLandscape(gaussian, gaussianTable, details) as PlaneLandscape
    const widths = landscape.frame.map(([from, to]) => to - from)
    const side = Math.sqrt(landscape.arrows.length)
    for (const { dx, dy } of landscape.arrows) expect(Math.hypot(dx / widths[0], dy / widths[1])).toBeLessThan(1 / side)
  })
})

describe('the frame', () => {
  it('holds ordinary rows and leaves far outliers outside', async () => {
    const rows = Float64Array.from({ length: 1000 }, (_, index) => index / 1000)
    rows[500] = 1e6
    const [[from, to]] = frameOf(rows, 1)
    expect(from).toBeLessThan(0)
    expect(to).toBeLessThan(2)
    const landscape = await prepareLandscape(mixtureEnergy(['x'], [[0]], [1], 1), { source: 't', columns: ['x'], rows: 1000, rowsRead: 1000, columnsLeftOut: [], values: rows }, details)
    expect(landscape.rowsOutside).toBe(1)
  })

  it('of a few rows holds the density as well, and all of them', async () => {
    for (const columns of [['x'], ['x', 'y']]) {
      const d = columns.length
      const few = generator(3)
      const rows = tableOf(columns, 5, () => columns.map(() => few.normal()))
      const known = { value: (d / 2) * logTwoPi, standardError: null, method: 'exact' }
      const energy = mixtureEnergy(columns, [columns.map(() => 0)], [1], 1)
      const landscape = await prepareLandscape(energy, rows, { ...details, logNormalizer: known }) as LineLandscape | PlaneLandscape
      expect(landscape.grid.mass).toBeGreaterThan(0.99)
      expect(landscape.rowsOutside).toBe(0)
      if (landscape.kind === 'plane') expect(landscape.contours).toHaveLength(4)
      // Nothing says that an energy without log Z has a density: there the rows alone count.
      const unknown = await prepareLandscape(energy, rows, details)
      expect(unknown.frame.every(([from, to], axis) => to - from < landscape.frame[axis][1] - landscape.frame[axis][0])).toBe(true)
    }
  })

  it('does not follow the density to rows that it leaves out itself', async () => {
    const random = generator(12)
    // 1.5 % of the rows lie far out, and as much of the probability.
    const means = [[0, 0], [12, 0]]
    const rows = tableOf(['x', 'y'], 400, () => mixtureRow(random, means, [0.985, 0.015], 1))
    const known = { value: logTwoPi, standardError: null, method: 'exact' }
    const landscape = await prepareLandscape(mixtureEnergy(['x', 'y'], means, [0.985, 0.015], 1), rows, { ...details, logNormalizer: known })
    expect(landscape.rowsOutside).toBeGreaterThan(0)
    expect(landscape.frame[0][1]).toBeLessThan(8)
  })

  it('the frame of many rows does not fall into step with them', () => {
    const random = createRandom('in step')
    const [[from, to]] = frameOf(Float64Array.from({ length: 200_000 }, (_, i) => random.normal() + (i % 2) * 10), 1)
    expect(from).toBeLessThan(-2)
    expect(to).toBeGreaterThan(12)
  })

  it('is never empty', () => {
    expect(frameOf(Float64Array.from([3, 3, 3]), 1)[0][0]).toBeLessThan(3)
    expect(frameOf(Float64Array.from([0]), 1)[0][1]).toBeGreaterThan(0)
  })

  it('gives nearly equal axes the same units', () => {
    expect(equalUnits([[0, 10], [0, 8]])).toEqual([[0, 10], [-1, 9]])
    expect(equalUnits([[0, 10], [0, 1]])).toEqual([[0, 10], [0, 1]])
  })

  it('keeps rows whole and thins evenly', () => {
    const rows = Float64Array.from([0, 0, 1, 1, 2, 2, 3, 30])
    expect(Array.from(rowsInside(rows, [[0, 3], [0, 3]]))).toEqual([0, 0, 1, 1, 2, 2])
    expect(Array.from(thinRows(rows, 2, 2))).toEqual([0, 0, 2, 2])
    expect(thinRows(rows, 2, 4)).toBe(rows)
  })

  it('spreads points apart', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 120 }), (values) => {
      const points = Float64Array.from(values.slice(0, values.length - (values.length % 2)))
      const kept = spreadIndices(points, 0.1, 1000)
      const distance = (a: number, b: number): number => Math.hypot(points[2 * a] - points[2 * b], points[2 * a + 1] - points[2 * b + 1])
      kept.forEach((a, index) => kept.slice(0, index).forEach((b) => expect(distance(a, b)).toBeGreaterThanOrEqual(0.1)))
      for (let index = 0; index < points.length / 2; index++) expect(kept.some((other) => distance(index, other) < 0.1)).toBe(true)
    }))
  })

  it('counts every value of an interval once', () => {
    const { edges, counts } = histogram(Float64Array.from([0, 0.5, 0.99, 1, 1.5, 2, 5]), [0, 2], 2)
    expect(Array.from(edges)).toEqual([0, 1, 2])
    expect(Array.from(counts)).toEqual([3, 3])
    expect(binCount(Float64Array.from({ length: 1000 }, (_, index) => index / 1000), [0, 1], 60)).toBe(12)
  })
})

describe('other dimensions', () => {
  it('one: the bars have the area of the rows they count, the curve its score', async () => {
    const random1 = generator(5)
    const landscape = await prepareLandscape(mixtureEnergy(['x'], [[1]], [1], 2), tableOf(['x'], 500, () => [1 + 2 * random1.normal()]), details) as LineLandscape
    const width = landscape.bars.edges[1] - landscape.bars.edges[0]
    expect(landscape.bars.density.reduce((sum, value) => sum + value, 0) * width).toBeCloseTo((500 - landscape.rowsOutside) / 500, 12)
    expect(landscape.score[0]).toBeCloseTo((1 - landscape.x[0]) / 4, 12)
  })

  it('three: arrows of each pair start at rows and follow their own two columns', async () => {
    const random3 = generator(6)
    const means = [10, 0, -5]
    const landscape = await prepareLandscape(mixtureEnergy(['a', 'b', 'c'], [means], [1], 1), tableOf(['a', 'b', 'c'], 200, () => means.map((mean) => mean + random3.normal())), details) as PairsLandscape
    expect(landscape.pairs.map(({ across, down }) => [across, down])).toEqual([[1, 0], [2, 0], [2, 1]])
    for (const { across, down, arrows } of landscape.pairs) {
      expect(arrows.length).toBeGreaterThan(10)
      const rows = Array.from({ length: landscape.points.length / 3 }, (_, row) => Array.from(landscape.points.subarray(3 * row, 3 * row + 3)))
      for (const { x, y, dx, dy } of arrows) {
        expect(rows.some((row) => row[across] === x && row[down] === y)).toBe(true)
        expect(Math.sign(dx)).toBe(Math.sign(means[across] - x))
        expect(Math.sign(dy)).toBe(Math.sign(means[down] - y))
      }
    }
  })

  it('many: six columns are shown and the others named', async () => {
    const names = [...'abcdefgh']
    const random8 = generator(8)
    const landscape = await prepareLandscape(mixtureEnergy(names, [names.map(() => 0)], [1], 1), tableOf(names, 50, () => names.map(() => random8.normal())), details) as PairsLandscape
    expect(landscape.columns).toEqual([...'abcdef'])
    expect(landscape.columnsNotShown).toEqual(['g', 'h'])
    expect(landscape.points.length).toBe(50 * 6)
    expect(landscape.pairs).toHaveLength(15)
  })

  it('refuses other columns and empty tables', async () => {
    await expect(prepareLandscape(gaussian, tableOf(['mass', 'length'], 3, () => [1, 2]), details)).rejects.toThrow(/columns of points.csv are mass, length, but the model has length, mass/)
    await expect(prepareLandscape(gaussian, tableOf(['length', 'mass'], 0, () => [1, 2]), details)).rejects.toThrow(/it has no rows/)
  })
})

describe('a table of many rows', () => {
  it('is drawn from a part of it, and its rows and those outside the frame are counted in full', async () => {
    const random = generator(5)
    const count = 400_001
    // Every 1000th row lies far out.
    const values = Float64Array.from({ length: 2 * count }, (_, k) => random.normal() + (Math.floor(k / 2) % 1000 === 0 ? 1000 : 0))
    const table = { source: 'many.csv', columns: ['a', 'b'], rows: count, rowsRead: count, columnsLeftOut: [], values }
    const landscape = await prepareLandscape(mixtureEnergy(['a', 'b'], [[0, 0]], [1], 1), table, { heading: '', logNormalizer: null, noise: null, warnings: [] })
    const [[left, right], [bottom, top]] = landscape.frame
    let outside = 0
    for (let k = 0; k < values.length; k += 2) if (values[k] < left || values[k] > right || values[k + 1] < bottom || values[k + 1] > top) outside++
    expect({ rows: landscape.rows, outside: landscape.rowsOutside }).toEqual({ rows: count, outside })
    expect(right).toBeLessThan(100)
    expect(outside).toBeGreaterThan(400)
  })
})
