// The language of domains, where rows lie in them, and the maps that open them.
import { describe, expect, test } from 'vitest'
import { UnnormError } from '../../src/base/errors.ts'
import { createRandom } from '../../src/base/random.ts'
import { checkDomain, closeRows, withoutZeros } from '../../src/data/domain-rows.ts'
import { domain, isDiscrete, liesWithin, pointsOf, real, rowsOf } from '../../src/model/domain.ts'
import { parseBoundaryWeight } from '../../src/model/domain/weight-text.ts'
import { defaultWeight } from '../../src/model/domain/boundary-weight.ts'
import { tableOf as tableOfColumns } from '../data/table-of.ts'

const tableOf = (columns: readonly string[], rows: readonly (readonly number[])[]) => tableOfColumns(Object.fromEntries(columns.map((name, j) => [name, rows.map((row) => row[j])])))

const messageOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof UnnormError) return error.message
    throw error
  }
  return 'none'
}

describe('the language', () => {
  test.each([
    ['real', ['a', 'b'], 'real'],
    ['x > 0, 0 < u < 1, simplex(a,b,c), sphere(p, q)', ['x', 'u', 'a', 'b', 'c', 'p', 'q', 'r'], 'x > 0, 0 < u < 1, simplex(a, b, c), sphere(p, q)'],
    ['`Sepal.Length` >= 0', ['Sepal.Length'], '`Sepal.Length` >= 0'],
    ['`a``b` ≤ 1e-3', ['a`b'], '`a``b` <= 0.001'],
    ['1 > x, -2.5 <= y <= .5', ['x', 'y'], 'x < 1, -2.5 <= y <= 0.5'],
    ['3 >= x > -1', ['x'], '-1 < x <= 3'],
    ['direction(lon, lat), positive', ['depth', 'lat', 'lon'], 'depth > 0, direction(lon, lat)'],
    ['positive', ['a', 'b'], 'a > 0, b > 0'],
    ['unit', ['a'], '0 < a < 1'],
    ['simplex', ['a', 'b'], 'simplex(a, b)'],
    ['direction', ['angle'], 'direction(angle)'],
    ['real', ['real'], 'real'],
    ['größe > 0', ['größe'], 'größe > 0'],
  ])('%s', (text, columns, expected) => {
    const placed = domain(text).over(columns)
    expect(placed.text).toBe(expected)
    // As it is told it can be read again.
    expect(domain(placed.text).over(columns).text).toBe(expected)
  })

  test.each([
    ['x > ', 'invalid domain: it ends where a number or the name of a column should be\n  x > \n      ^'],
    ['x > 0 y', 'invalid domain: "y" where "," should be\n  x > 0 y\n        ^'],
    ['x', '"x" says nothing by itself (write x > 0'],
    ['0 < 1', 'a comparison without a column'],
    ['x < y', 'two columns, x and y, in one comparison'],
    ['x > 0 > 1', 'a comparison of two numbers'],
    ['1 < x < 0', 'nothing lies between 1 and 0'],
    ['0 < x > 1', 'a second lower bound'],
    ['ball(x)', 'unknown ball(…) (must be simplex, sphere, direction or binary)'],
    ['simplex(a b)', '"b" where "," or ")" should be'],
    ['simplex()', '")" where the name of a column should be'],
    ['x > 0 ; y', '";" means nothing here\n  x > 0 ; y\n        ^'],
  ])('refuses %s', (text, expected) => expect(messageOf(() => domain(text))).toContain(expected))

  test.each([
    ['y > 0', ['x', 'z'], 'unknown column y'],
    ['x > 0, x < 1', ['x'], 'column x twice'],
    ['simplex(x, y), positive', ['x', 'y'], 'no column is left for positive'],
    ['direction(a, b, c)', ['a', 'b', 'c'], 'one angle in degrees, or two'],
  ])('refuses %s on %j', (text, columns, expected) => expect(messageOf(() => domain(text).over(columns))).toContain(expected))

  test('what lies within what', () => {
    const on = (text: string) => domain(text).over(['x', 'y'])
    const within = (inner: string, outer: string): boolean => liesWithin(on(inner), on(outer))
    expect([within('x > 1', 'x > 0'), within('x > 0', 'x > 1'), within('simplex', 'positive'), within('positive', 'simplex'), within('sphere', 'real'), within('0 < x < 1', 'x > 0, y > 0')])
      .toEqual([true, false, true, false, true, false])
  })
})

describe('rows', () => {
  const check = (text: string, columns: string[], rows: number[][]): string => messageOf(() => checkDomain(domain(text).over(columns), tableOf(columns, rows)))

  test('outside: the first five with their values', () => {
    expect(check('x > 0', ['x'], [[1], [0], [-1], [2], [-3], [-4], [-5], [-6]])).toMatch(/6 of 8 rows lie outside the domain x > 0: row 2: x is 0; row 3: x is -1; row 5: x is -3; row 6: x is -4; row 7: x is -5; … \(correct them/)
    expect(check('x >= 0', ['x'], [[1], [0]])).toBe('none')
    expect(check('0 < x < 1, y < 2', ['x', 'y'], [[0.5, 1], [1.5, 3]])).toContain('1 of 2 rows lies outside the domain 0 < x < 1, y < 2: row 2: x is 1.5, y is 3')
  })

  test('compositions by how much their sum is off, directions by their length', () => {
    expect(check('simplex', ['a', 'b'], [[0.5, 0.5], [0.3, 0.6], [0.7, 0.4]])).toMatch(/row 2: the parts sum to 0\.9, less than 1 by 0\.1 \(0\.3, 0\.6\); row 3: the parts sum to 1\.1, more than 1 by 0\.1 .*--close divides/)
    expect(check('simplex', ['a', 'b'], [[1.5, -0.5]])).toMatch(/row 1: b is -0\.5 \(1\.5, -0\.5\) \(correct them/)
    expect(check('sphere', ['a', 'b'], [[0, 0], [3, 4]])).toMatch(/row 1: a zero vector, which has no direction \(0, 0\); row 2: a vector of length 5 instead of 1 \(3, 4\)/)
    expect(check('direction(lon, lat)', ['lat', 'lon'], [[91, 0], [45, 720]])).toContain('row 1: lat is 91, beyond ±90 degrees')
  })

  test('closed: divided by sum or length, and otherwise as they were', () => {
    const closed = closeRows(domain('simplex(a, b), sphere(x, y)').over(['a', 'x', 'b', 'y', 'c']), tableOf(['a', 'x', 'b', 'y', 'c'], [[1, 3, 3, 4, 9], [0, 0, 0, 0, 8]]))
    expect(Array.from(closed.values)).toEqual([0.25, 0.6, 0.75, 0.8, 9, 0, 0, 0, 0, 8])
    expect(messageOf(() => closeRows(domain('x > 0').over(['x']), tableOf(['x'], [[1]])))).toContain('has neither compositions nor directions')
  })
})

test('angles: north, east and down; and back', () => {
  const placed = domain('direction(declination, inclination), x > 0').over(['x', 'inclination', 'declination'])
  expect(placed.coordinates).toEqual(['x', 'x′', 'y', 'z'])
  const rows = Float64Array.of(7, 0, 0, 8, 0, 90, 9, 90, 0, 1, -30, 200)
  const points = pointsOf(placed, rows)
  const expected = [7, 1, 0, 0, 8, 0, 1, 0, 9, 0, 0, 1, 1, Math.cos(Math.PI / 6) * Math.cos(Math.PI * 200 / 180), Math.cos(Math.PI / 6) * Math.sin(Math.PI * 200 / 180), -0.5]
  points.forEach((value, k) => expect(value).toBeCloseTo(expected[k], 15))
  rowsOf(placed, points).forEach((value, k) => expect(value).toBeCloseTo(rows[k], 12))
})

describe('open coordinates', () => {
  test.each([['x > 2'], ['x < 2'], ['-1 < x < 3'], ['simplex'], ['x > 0, 0 < y < 1']])('%s: there and back, and the volume by differences', (text) => {
    const columns = text === 'x > 0, 0 < y < 1' ? ['x', 'y'] : text === 'simplex' ? ['a', 'b', 'c'] : ['x']
    const random = createRandom(text)
    for (const { open, coordinates } of domain(text).over(columns).parts) {
      const { size, toPart, fromPart, pullBack } = open!
      for (let k = 0; k < 5; k++) {
        const u = Float64Array.from({ length: size }, () => 1.5 * random.normal())
        const x = new Float64Array(coordinates.length)
        const logVolume = toPart(u, x)
        const back = new Float64Array(size)
        fromPart(x, back)
        back.forEach((value, j) => expect(value).toBeCloseTo(u[j], 10))
        const step = 1e-5
        // The first coordinates as functions of u: a simplex has one more than it needs.
        const moved = (j: number, by: number): { x: Float64Array; logVolume: number } => {
          const at = new Float64Array(coordinates.length)
          return { logVolume: toPart(u.map((value, i) => (i === j ? value + by : value)), at), x: at }
        }
        const slopes = Array.from({ length: size }, (_, j) => [moved(j, step), moved(j, -step)]).map(([up, down]) => Array.from(x, (_, i) => (up.x[i] - down.x[i]) / (2 * step)))
        const determinant = size === 1 ? slopes[0][0] : slopes[0][0] * slopes[1][1] - slopes[0][1] * slopes[1][0]
        expect(Math.log(Math.abs(determinant))).toBeCloseTo(logVolume, 7)
        // A linear log p pulled back.
        const score = Float64Array.from(x, (_, i) => Math.sin(i + 1))
        const out = new Float64Array(size)
        pullBack(u, x, score, out)
        out.forEach((value, j) => {
          const [up, down] = [moved(j, step), moved(j, -step)]
          const whole = ({ x: at, logVolume: own }: typeof up): number => own + score.reduce((sum, s, i) => sum + s * at[i], 0)
          expect(value).toBeCloseTo((whole(up) - whole(down)) / (2 * step), 7)
        })
      }
    }
  })
})

test('boundary weights go to the parts that they are for', async () => {
  const placed = domain('x > 0, simplex(a, b)').over(['x', 'a', 'b'])
  const weight = await parseBoundaryWeight('distance, prodsq(0.2)', placed, defaultWeight)
  expect([weight.box.of, weight.simplex.text]).toEqual(['distance', 'prodsq(0.2)'])
  expect((await parseBoundaryWeight('min(x, 3), minsq(0.3)', placed, defaultWeight)).box.text).toBe('min(x, 3)')
  expect((await parseBoundaryWeight('minsq(0.3)', placed, defaultWeight)).box).toBe(defaultWeight.box)
  const refused = (text: string, where: string, columns: readonly string[]) => expect(parseBoundaryWeight(text, domain(where).over(columns), defaultWeight)).rejects
  await refused('minsq(0.3)', 'x > 0', ['x']).toThrow('minsq(0.3) is a weight of compositions and directions, and the domain is x > 0')
  await refused('none', 'real', ['x']).toThrow('none is a weight of domains that end')
  await refused('min(x, 3)', 'real', ['x']).toThrow('min(x, 3) is a weight of columns with a bound, and the domain is real')
  await refused('distance, none', 'x > 0', ['x']).toThrow('two weights of columns with a bound')
  await refused('minsq(-1)', 'x > 0, simplex(a, b)', ['x', 'a', 'b']).toThrow('the cap is no number > 0')
  await refused('min(y, 3)', 'x > 0', ['x']).toThrow('y stands for nothing: it is a function of x and s\n  min(y, 3)\n      ^')
})

test('parts that are zero are moved inside by next to nothing, and counted', () => {
  const placed = domain('simplex(a, b, c)').over(['a', 'b', 'c', 'x'])
  const table = tableOf(['a', 'b', 'c', 'x'], [[0.2, 0.3, 0.5, 0], [0, 0.4, 0.6, 1], [0, 0, 1, 2]])
  const { points, zeros } = withoutZeros(placed, table)
  expect(zeros).toBe(2)
  expect(Array.from(points.values)).toEqual([0.2, 0.3, 0.5, 0, 1e-100, 0.4, 0.6, 1, 1e-100, 1e-100, 1, 2])
  expect(table.values[4]).toBe(0)
})

test('binary columns: all or none, points of −1 and +1, rows told apart from others', () => {
  const placed = domain('binary').over(['a', 'the b'])
  expect([placed.text, isDiscrete(placed), isDiscrete(real().over(['a']))]).toEqual(['binary(a, `the b`)', true, false])
  expect(Array.from(pointsOf(placed, Float64Array.of(0, 1, -1, 1)))).toEqual([-1, 1, -1, 1])
  expect([placed.parts[0].outside([0, -1]), placed.parts[0].outside([2, 0.5])]).toEqual([undefined, 'a is 2, `the b` is 0.5'])
  expect(() => domain('binary(a)').over(['a', 'b'])).toThrow(/a is binary and b is not/)
  expect(() => domain('binary(a), b > 0').over(['a', 'b'])).toThrow(/a is binary and b is not/)
  expect(() => domain('binary(c)').over(['a', 'b'])).toThrow(/unknown column c/)
  // A binary domain lies within real space, where a model of one's own may be written, not the other way round.
  expect([liesWithin(placed, real().over(['a', 'the b'])), liesWithin(real().over(['a', 'the b']), placed)]).toEqual([true, false])
})
