// Diagnostics against numbers of arviz-stats (test/fixtures/diagnostics.json), and what R̂ must see.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { diagnose, MIXED } from '../../src/sample/diagnostics.ts'

interface Case { name: string; chains: number; draws: number; rho: number; shift: number[]; scale: number[]; rHat: number; bulk: number; tail: number; error: number; mean: number }
const { cases } = JSON.parse(readFileSync(new URL('../fixtures/diagnostics.json', import.meta.url), 'utf8')) as { cases: Case[] }

/** Autoregressive chains with logistic innovations from a linear congruential sequence: the same numbers in any language. */
function chainsOf({ name, chains, draws, rho, shift, scale }: Case): Float64Array[] {
  let seed = 7n
  return Array.from({ length: chains }, (_, c) => {
    let x = 0
    return Float64Array.from({ length: draws }, () => {
      seed = (1664525n * seed + 1013904223n) % (1n << 32n)
      const u = (Number(seed) + 0.5) / 2 ** 32
      x = rho * x + Math.log(u / (1 - u))
      const value = shift[c] + scale[c] * x
      return name === 'rounded' ? Math.floor(value) : value
    })
  })
}
const drawsOf = (chains: readonly Float64Array[]) => ({ chains: chains.length, draws: chains[0].length, at: (c: number, i: number) => chains[c][i] })

describe('against arviz-stats', () => {
  test.each(cases)('$name', (each) => {
    const found = diagnose(drawsOf(chainsOf(each)))
    for (const key of ['rHat', 'bulk', 'tail', 'error', 'mean'] as const) {
      expect(Math.abs(found[key]! / each[key] - 1), `${key} ${found[key]} ${each[key]}`).toBeLessThan(1e-7)
    }
  })
})

describe('R̂', () => {
  const random = createRandom('diagnostics')
  const normal = (chains: number, draws: number, of: (c: number, z: number) => number) =>
    drawsOf(Array.from({ length: chains }, (_, c) => Float64Array.from({ length: draws }, () => of(c, random.normal()))))
  test('is one for independent draws, and sees chains in different modes, of different widths, and one that drifts', () => {
    expect(diagnose(normal(8, 500, (_, z) => z)).rHat).toBeLessThan(MIXED)
    expect(diagnose(normal(8, 500, (c, z) => z + (c < 4 ? -5 : 5))).rHat).toBeGreaterThan(1.5)
    expect(diagnose(normal(8, 500, (c, z) => z * (c < 4 ? 1 : 3))).rHat).toBeGreaterThan(1.05)
    let count = 0
    expect(diagnose(normal(1, 500, (_, z) => z + count++ / 100)).rHat).toBeGreaterThan(1.5)
  })
  test('is infinite for chains that never moved, each at its own place', () => {
    expect(diagnose(drawsOf([1, 2, 3].map((x) => new Float64Array(10).fill(x)))).rHat).toBe(Number.POSITIVE_INFINITY)
  })
  test('is unknown for too few draws, one value, or numbers that are not finite', () => {
    expect(diagnose(normal(4, 3, (_, z) => z)).rHat).toBeNull()
    expect(diagnose(normal(4, 30, () => 2)).rHat).toBeNull()
    expect(diagnose(normal(4, 30, (_, z) => (z > 1 ? Number.NaN : z))).rHat).toBeNull()
  })
})
