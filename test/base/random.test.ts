// Random streams: pinned bits against a second, slow derivation; distributions against their closed forms.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandom, shuffledIndex } from '../../src/base/random.ts'
import { UnnormError } from '../../src/base/errors.ts'

// Φ by its Taylor series around 0 (|z| < 6 loses at most ~1e-9 to cancellation; the tests need 1e-5).
function normalCdf(z: number): number {
  if (z > 6) return 1
  if (z < -6) return 0
  let term = z
  let sum = z
  for (let k = 1; k < 200; k++) {
    term *= (-z * z) / (2 * k)
    sum += term / (2 * k + 1)
  }
  return 0.5 + sum / Math.sqrt(2 * Math.PI)
}

function normals(seed: number, count: number): Float64Array {
  const target = new Float64Array(count)
  createRandom(seed).fillNormal(target)
  return target
}

function correlation(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum / a.length
}

// A second derivation of the bits, in BigInt: HalfSipHash rounds absorb the label, sfc32 draws.
const WORD = 0xffffffffn
const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (32n - by))) & WORD
function slowBits(labels: readonly (number | string)[], count: number): number[] {
  let v = [0x6a09e667n, 0xbb67ae85n, 0x3c6ef372n, 0xa54ff53an]
  const round = (): void => {
    let [v0, v1, v2, v3] = v
    v0 = (v0 + v1) & WORD; v1 = rotate(v1, 5n) ^ v0; v0 = rotate(v0, 16n)
    v2 = (v2 + v3) & WORD; v3 = rotate(v3, 8n) ^ v2
    v0 = (v0 + v3) & WORD; v3 = rotate(v3, 7n) ^ v0
    v2 = (v2 + v1) & WORD; v1 = rotate(v1, 13n) ^ v2; v2 = rotate(v2, 16n)
    v = [v0, v1, v2, v3]
  }
  for (const label of labels) {
    let words: bigint[]
    if (typeof label === 'number') {
      const bits = BigInt.asUintN(64, BigInt(label))
      words = [WORD, bits & WORD, bits >> 32n]
    } else {
      const units = [...Array(label.length).keys()].map((i) => BigInt(label.charCodeAt(i)))
      words = [BigInt(label.length)]
      for (let i = 0; i < units.length; i += 2) words.push(units[i] | ((units[i + 1] ?? 0n) << 16n))
    }
    for (const word of words) {
      v[3] ^= word
      round(); round()
      v[0] ^= word
    }
    v[2] ^= 0xffn
    round(); round(); round(); round()
  }
  let [a, b, c, counter] = v
  return Array.from({ length: count }, () => {
    const output = (a + b + counter) & WORD
    counter = (counter + 1n) & WORD
    a = b ^ (b >> 9n)
    b = (c + (c << 3n)) & WORD
    c = (rotate(c, 21n) + output) & WORD
    return Number(output)
  })
}

const PINNED = [294802173, 3509826757, 3742561119, 2973984330]

describe('bits', () => {
  it('are pinned: a changed generator would break every recorded run', () => {
    const random = createRandom(0)
    expect([0, 1, 2, 3].map(() => random.integer(2 ** 32))).toEqual(PINNED)
    expect(slowBits([0], 4)).toEqual(PINNED)
  })

  it('agree with the second derivation for any path of labels', () => {
    const label = fc.oneof(fc.string(), fc.maxSafeInteger(), fc.constantFrom(-1, 0, 1, '', '1'))
    fc.assert(fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), (labels) => {
      const random = labels.slice(1).reduce((stream, part) => stream.split(part), createRandom(labels[0]))
      expect([0, 1, 2, 3, 4].map(() => random.integer(2 ** 32))).toEqual(slowBits(labels, 5))
    }))
  })
})

describe('split', () => {
  it('neither advances the parent nor depends on what was drawn', () => {
    const fresh = createRandom(7)
    const used = createRandom(7)
    used.fillNormal(new Float64Array(1000))
    expect(used.split('noise').split(3).uniform()).toBe(fresh.split('noise').split(3).uniform())
    expect(fresh.uniform()).toBe(createRandom(7).uniform())
  })

  it('tells apart labels that look alike', () => {
    const random = createRandom(1)
    const labels = [1, '1', 0, '', '\0', '\0\0', -1, 2 ** 32, 2 ** 32 + 1, 'ab', 'ba', 'a']
    const paths = [...labels.map((label) => random.split(label)), random, random.split('a').split('b'), random.split('b').split('a')]
    expect(new Set(paths.map((stream) => stream.uniform())).size).toBe(paths.length)
  })

  it('gives streams that do not correlate: parent and child, neighbours, equal labels below different parents', () => {
    const n = 200_000
    const parent = createRandom(5)
    const streams = [parent, parent.split(0), parent.split(1), parent.split(1).split(0), createRandom(6).split(0)]
    const draws = streams.map((stream) => {
      const target = new Float64Array(n)
      stream.fillNormal(target)
      return target
    })
    for (let i = 0; i < draws.length; i++) {
      for (let j = 0; j < i; j++) expect(Math.abs(correlation(draws[i], draws[j])) * Math.sqrt(n)).toBeLessThan(4.5)
    }
  })

  it('gives uniform first draws over consecutive labels, the bits of a training run', () => {
    const n = 100_000
    const parent = createRandom(2).split('noise')
    const first = Float64Array.from({ length: n }, (_, k) => parent.split(k).uniform()).sort()
    let distance = 0
    for (let i = 0; i < n; i++) distance = Math.max(distance, Math.abs(first[i] - (i + 0.5) / n))
    expect(distance * Math.sqrt(n)).toBeLessThan(1.95) // Kolmogorov's distribution: exceeded with probability 0.001
  })

  it('refuses a label or seed that is no whole number', () => {
    expect(() => createRandom(0).split(0.5)).toThrow(RangeError)
    expect(() => createRandom(Number.NaN)).toThrow(UnnormError)
    expect(() => createRandom(1.5)).toThrow('invalid seed: 1.5 (must be a whole number)')
  })
})

describe('uniform and integer', () => {
  it('have the moments of their distributions and stay inside', () => {
    const n = 400_000
    for (const target of [new Float64Array(n), new Float32Array(n)]) {
      createRandom(11).fillUniform(target)
      let [sum, squares] = [0, 0]
      for (const u of target) {
        sum += u
        squares += u * u
      }
      expect(target.every((u) => u > 0 && u < 1)).toBe(true)
      expect(Math.abs(sum / n - 1 / 2)).toBeLessThan(4.5 * Math.sqrt(1 / 12 / n))
      expect(Math.abs(squares / n - 1 / 3)).toBeLessThan(4.5 * Math.sqrt(4 / 45 / n))
    }
  })

  it('fills with what single draws give', () => {
    const target = new Float64Array(10)
    createRandom(3).fillUniform(target, 2, 6)
    const single = createRandom(3)
    expect([...target]).toEqual([0, 0, single.uniform(), single.uniform(), single.uniform(), single.uniform(), 0, 0, 0, 0])
  })

  it('draws integers without bias, wide ones too', () => {
    const random = createRandom(4)
    const n = 120_000
    const counts = new Float64Array(6)
    for (let i = 0; i < n; i++) counts[random.integer(6)]++
    const chiSquare = counts.reduce((sum, count) => sum + (count - n / 6) ** 2 / (n / 6), 0)
    expect(chiSquare).toBeLessThan(20.5) // 5 degrees of freedom, probability 0.001
    // Of 3·2⁵¹ numbers a third lies below 2⁵¹; a remainder without refusal would put a half there.
    let low = 0
    for (let i = 0; i < n; i++) if (random.integer(3 * 2 ** 51) < 2 ** 51) low++
    expect(Math.abs(low / n - 1 / 3)).toBeLessThan(4.5 * Math.sqrt(2 / 9 / n))
    expect(random.integer(1)).toBe(0)
    expect(() => random.integer(0)).toThrow('invalid n: 0')
  })
})

describe('normal', () => {
  const n = 4_000_000
  const draws = normals(12, n)

  it('has the moments 0, 1, 0, 3, 0, 15, each within its own error', () => {
    const sums = new Float64Array(7)
    for (const z of draws) {
      let power = 1
      for (let k = 0; k < 7; k++) {
        sums[k] += power
        power *= z
      }
    }
    const moment = [1, 0, 1, 0, 3, 0, 15]
    const variance = [0, 1, 2, 15, 96, 945, 10170] // E z²ᵏ − (E zᵏ)²
    for (let k = 1; k < 7; k++) expect(Math.abs(sums[k] / n - moment[k]), `moment ${k}`).toBeLessThan(4.5 * Math.sqrt(variance[k] / n))
  })

  it('passes Kolmogorov and Smirnov', () => {
    const sorted = draws.slice(0, 1_000_000).sort()
    let distance = 0
    for (let i = 0; i < sorted.length; i++) distance = Math.max(distance, Math.abs(normalCdf(sorted[i]) - (i + 0.5) / sorted.length))
    expect(distance * 1000).toBeLessThan(1.95)
  })

  it('has both tails: beyond 2, 3, 3.5, 3.7 (the base layer of the ziggurat begins at 3.654) and 4.5', () => {
    // Upper tail probabilities, Abramowitz & Stegun table 26.1 and 26.2.
    const tails: readonly [number, number][] = [[2, 2.275013e-2], [3, 1.349898e-3], [3.5, 2.326291e-4], [3.7, 1.077997e-4], [4.5, 3.397673e-6]]
    for (const [edge, probability] of tails) {
      let [above, below] = [0, 0]
      for (const z of draws) {
        if (z > edge) above++
        else if (z < -edge) below++
      }
      const spread = 4.5 * Math.sqrt(n * probability)
      expect(Math.abs(above - n * probability), `above ${edge}`).toBeLessThan(spread)
      expect(Math.abs(below - n * probability), `below ${-edge}`).toBeLessThan(spread)
    }
  })

  it('has tails of the right shape: the mean excess over the edge of the base layer', () => {
    const edge = 3.6541528853610088
    // E(z − r | z > r) = ∫ (z − r) φ / ∫ φ beyond r, by the midpoint rule; an exponential tail would give 1/r, 10 % more.
    let [mass, first, second] = [0, 0, 0]
    for (let x = 0.00005; x < 6; x += 0.0001) {
      const density = Math.exp(-edge * x - 0.5 * x * x)
      mass += density
      first += x * density
      second += x * x * density
    }
    const mean = first / mass
    const deviation = Math.sqrt(second / mass - mean * mean)
    const random = createRandom(13)
    const block = new Float64Array(100_000)
    const counts = [0, 0]
    const sums = [0, 0]
    for (let i = 0; i < 300; i++) {
      random.fillNormal(block)
      for (const z of block) {
        if (Math.abs(z) > edge) {
          counts[z > 0 ? 1 : 0]++
          sums[z > 0 ? 1 : 0] += Math.abs(z) - edge
        }
      }
    }
    for (const side of [0, 1]) expect(Math.abs(sums[side] / counts[side] - mean)).toBeLessThan(4 * deviation / Math.sqrt(counts[side]))
  })

  it('has no gaps: a chi-square over 400 cells of equal probability, so every layer of the ziggurat counts', () => {
    const cells = 400
    const counts = new Float64Array(cells)
    for (const z of draws.subarray(0, 1_000_000)) counts[Math.min(cells - 1, Math.floor(normalCdf(z) * cells))]++
    const expected = 1_000_000 / cells
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    expect(Math.abs(chiSquare - (cells - 1)) / Math.sqrt(2 * (cells - 1))).toBeLessThan(4)
  })

  it('fills with what single draws give, in both precisions', () => {
    const wide = new Float64Array(2000)
    const narrow = new Float32Array(2000)
    createRandom(9).fillNormal(wide, 500, 1500)
    createRandom(9).fillNormal(narrow, 500, 1500)
    const single = createRandom(9)
    for (let i = 0; i < 2000; i++) {
      const z = i >= 500 && i < 1500 ? single.normal() : 0
      expect(wide[i]).toBe(z)
      expect(narrow[i]).toBe(Math.fround(z))
    }
  })

  it('goes on where a fill ended', () => {
    const random = createRandom(10)
    const pieces = new Float64Array(1000)
    for (let start = 0; start < 1000; start += 100) random.fillNormal(pieces, start, start + 100)
    expect(pieces).toEqual(normals(10, 1000))
  })
})

describe('shuffledIndex', () => {
  it('is a bijection for every n', () => {
    const sizes = [...Array(600).keys(), 1023, 1024, 1025, 1026, 1056, 1057, 1089, 1090, 4096, 4097, 9999, 10_403, 65_535, 65_536, 65_537, 300_007]
    for (const n of sizes) {
      for (let seed = 0; seed < (n < 300 ? 3 : 1); seed++) {
        const permutation = shuffledIndex(createRandom(seed), n)
        const seen = new Uint8Array(n)
        for (let i = 0; i < n; i++) seen[permutation(i)]++
        expect(seen.every((count) => count === 1), `n = ${n}`).toBe(true)
      }
    }
  })

  it('stays inside 0 … n − 1 for large n', () => {
    fc.assert(fc.property(fc.integer({ min: 1025, max: 2 ** 32 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(), (n, u, seed) => {
      const place = shuffledIndex(createRandom(seed), n)(Math.floor(u * n))
      return Number.isInteger(place) && place >= 0 && place < n
    }))
  })

  it('is determined by the stream’s key and does not advance it', () => {
    const random = createRandom(3)
    const first = shuffledIndex(random, 5000)
    const second = shuffledIndex(random, 5000)
    const other = shuffledIndex(random.split(1), 5000)
    const indices = [...Array(5000).keys()]
    expect(indices.map(first)).toEqual(indices.map(second))
    expect(random.uniform()).toBe(createRandom(3).uniform())
    // Two independent permutations of 5000 agree at Poisson(1) places.
    expect(indices.filter((i) => first(i) === other(i)).length).toBeLessThan(9)
  })

  it('gives all 24 orders of four things equally often', () => {
    const counts = new Map<string, number>()
    const n = 12_000
    for (let seed = 0; seed < n; seed++) {
      const order = [0, 1, 2, 3].map(shuffledIndex(createRandom(seed), 4)).join()
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - n / 24) ** 2 / (n / 24), 0)
    expect(counts.size).toBe(24)
    expect(chiSquare).toBeLessThan(49.7) // 23 degrees of freedom, probability 0.001
  })

  it('mixes beyond the table: where an index goes, and where its neighbour goes, is uniform over the keys', () => {
    const n = 2000
    const cells = 10
    const keys = 20_000
    const pairs = new Float64Array(cells * cells)
    for (let key = 0; key < keys; key++) {
      const permutation = shuffledIndex(createRandom(key), n)
      pairs[Math.floor((permutation(700) * cells) / n) * cells + Math.floor((permutation(701) * cells) / n)]++
    }
    const chiSquare = pairs.reduce((sum, count) => sum + (count - keys / 100) ** 2 / (keys / 100), 0)
    expect(chiSquare).toBeLessThan(149) // 99 degrees of freedom, probability 0.001
  })

  it('leaves no trace of the order: serial correlation, fixed points and rank runs of one large permutation', () => {
    const n = 1_000_000
    const permutation = shuffledIndex(createRandom(8), n)
    const middle = (n - 1) / 2
    let [serial, withIndex, fixed, ascents] = [0, 0, 0, 0]
    let previous = permutation(n - 1)
    for (let i = 0; i < n; i++) {
      const place = permutation(i)
      serial += (place - middle) * (previous - middle)
      withIndex += (place - middle) * (i - middle)
      if (place === i) fixed++
      if (place > previous) ascents++
      previous = place
    }
    const variance = (n * n) / 12
    expect(Math.abs(serial / n / variance) * Math.sqrt(n)).toBeLessThan(4.5)
    expect(Math.abs(withIndex / n / variance) * Math.sqrt(n)).toBeLessThan(4.5)
    expect(fixed).toBeLessThan(9)
    expect(Math.abs(ascents - n / 2)).toBeLessThan(4.5 * Math.sqrt(n / 12))
  })
})
