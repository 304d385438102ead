// Maps onto spheres: there and back, areas and pulled-back scores by differences, lengths that integrate to one; the ways of columns through a point.
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { domain } from '../../src/model/domain.ts'
import type { OpenCoordinates } from '../../src/model/domain/part.ts'
import { cutSphere, radialSphere } from '../../src/model/domain/sphere-maps.ts'
import { circleAngle, sphereAngles } from '../../src/model/domain/angles.ts'

/** det of a small matrix, row-major. */
function determinant(m: readonly (readonly number[])[]): number {
  return m.length === 1 ? m[0][0] : m[0].reduce((sum, value, j) => sum + (j % 2 === 0 ? 1 : -1) * value * determinant(m.slice(1).map((row) => row.filter((_, k) => k !== j))), 0)
}
const at = (map: OpenCoordinates, u: Float64Array, p: number): { z: Float64Array; logVolume: number } => {
  const z = new Float64Array(p)
  return { logVolume: map.toPart(u, z), z }
}
const step = 1e-5
const slopes = (map: OpenCoordinates, u: Float64Array, p: number, f: (found: { z: Float64Array; logVolume: number }) => number): number[] =>
  Array.from(u, (_, j) => (f(at(map, u.map((value, i) => (i === j ? value + step : value)), p)) - f(at(map, u.map((value, i) => (i === j ? value - step : value)), p))) / (2 * step))

describe.each([2, 3, 4, 6])('the sphere in %i coordinates', (p) => {
  const random = createRandom(`sphere ${p}`)
  const score = Float64Array.from({ length: p }, (_, i) => Math.sin(i + 1))
  const linear = ({ z, logVolume }: { z: Float64Array; logVolume: number }): number => logVolume + score.reduce((sum, s, i) => sum + s * z[i], 0)

  test.each([['cut open', cutSphere(p)], ['with a length', radialSphere(p)]] as const)('%s: unit vectors, the score by differences', (_, map) => {
    for (let k = 0; k < 5; k++) {
      const u = Float64Array.from({ length: map.size }, () => random.normal())
      const { z } = at(map, u, p)
      expect(Math.hypot(...z)).toBeCloseTo(1, 12)
      const out = new Float64Array(map.size)
      map.pullBack(u, z, score, out)
      slopes(map, u, p, linear).forEach((value, j) => expect(out[j]).toBeCloseTo(value, 6))
    }
  })

  test('cut open: there and back, and the area by differences', () => {
    const map = cutSphere(p)
    for (let k = 0; k < 5; k++) {
      const u = Float64Array.from({ length: p - 1 }, () => 1.5 * random.normal())
      const { z, logVolume } = at(map, u, p)
      const back = new Float64Array(p - 1)
      map.fromPart(z, back)
      back.forEach((value, j) => expect(value).toBeCloseTo(u[j], 9))
      const columns = Array.from({ length: p }, (__, i) => slopes(map, u, p, (found) => found.z[i]))
      const gram = Array.from({ length: p - 1 }, (__, a) => Array.from({ length: p - 1 }, (___, b) => columns.reduce((sum, own) => sum + own[a] * own[b], 0)))
      expect(Math.log(determinant(gram)) / 2).toBeCloseTo(logVolume, 6)
    }
  })

  test('with a length: the lengths of one direction have all of its density, in the shares that were asked for', () => {
    const map = radialSphere(p)
    const z = Float64Array.from({ length: p }, (_, k) => (k === 1 ? 1 : 0))
    const density = (r: number): number => Math.exp(at(map, z.map((value) => r * value), p).logVolume) * r ** (p - 1)
    let [below, whole] = [0, 0]
    const u = new Float64Array(p)
    map.fromPart(z, u, 0.3)
    const width = 1e-4
    for (let r = width / 2; r < 8; r += width) {
      whole += density(r) * width
      if (r < u[1]) below += density(r) * width
    }
    expect(whole).toBeCloseTo(1, 6)
    expect(below).toBeCloseTo(0.3, 3)
  })
})

test('scores by angles are those along the sphere', () => {
  // Of log p = aᵀz by the angles, projected a on the sphere.
  const a = [0.3, -1.1, 0.7]
  for (const [angles, values] of [[circleAngle, [200]], [sphereAngles, [130, -40]]] as const) {
    const log = (own: readonly number[]): number => angles.pointOf(own).reduce((sum, z, k) => sum + a[k] * z, 0)
    const by = values.map((_, j) => (log(values.map((value, k) => value + (k === j ? 1e-3 : 0))) - log(values.map((value, k) => value - (k === j ? 1e-3 : 0)))) / 2e-3)
    const z = angles.pointOf(values)
    const along = z.reduce((sum, value, k) => sum + a[k] * value, 0)
    angles.scoreOf(values, by).forEach((value, k) => expect(value).toBeCloseTo(a[k] - along * z[k], 7))
  }
})

describe('the ways of a column through a point', () => {
  // Of the base measure itself the columns have known densities: areas of spheres, volumes of simplices.
  test.each([
    ['sphere', ['x', 'y'], 0, (t: number) => 1 / (Math.PI * Math.sqrt(1 - t * t))],
    ['sphere', ['x', 'y', 'z'], 1, () => 0.5],
    ['sphere', ['x', 'y', 'z', 'w'], 3, (t: number) => 2 / Math.PI * Math.sqrt(1 - t * t)],
    ['simplex', ['a', 'b', 'c'], 2, (t: number) => 2 * (1 - t)],
    ['simplex', ['a', 'b', 'c', 'd'], 0, (t: number) => 3 * (1 - t) ** 2],
    ['direction(a)', ['a'], 0, () => 1 / 360],
    ['direction(a, b)', ['a', 'b'], 1, (t: number) => Math.PI / 360 * Math.cos(t * Math.PI / 180)],
  ] as const)('%s of %j, column %i', (text, columns, k, density) => {
    const [part] = domain(text).over([...columns]).parts
    const { interval: [from, to], value, slope, move, logMeasure } = part.ways[k]
    const count = 2000
    const width = (to - from) / count
    const s = Array.from({ length: count }, (_, i) => from + (i + 0.5) * width)
    const total = s.reduce((sum, own) => sum + Math.exp(logMeasure(own)) * width, 0)
    const random = createRandom(text)
    const point = part.close?.(columns.map(() => random.uniform() + 0.1)) ?? [20, 30]
    for (const own of [s[300], s[1000], s[1900]]) {
      expect(Math.exp(logMeasure(own)) / total / Math.abs(slope(own))).toBeCloseTo(density(value(own)), 5)
      const moved = move(point, own)
      expect(part.outside(moved)).toBeUndefined()
      expect(moved[k]).toBeCloseTo(value(own), 12)
      const others = columns.map((_, j) => j).filter((j) => j !== k)
      if (others.length > 1) expect(moved[others[0]] / moved[others[1]]).toBeCloseTo(point[others[0]] / point[others[1]], 9)
    }
  })
})
