// Checkpoints: what is written is read back bit by bit, and any damage is noticed.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeCheckpoint, encodeCheckpoint } from '../../src/node/checkpoint.ts'
import type { Checkpoint } from '../../src/node/checkpoint.ts'
import type { TrainingState } from '../../src/estimate/train.ts'

const request: Checkpoint['request'] = {
  source: 'a „b".csv', read: { missing: 'drop', columns: ['x', 'y'] }, workingFolder: '/here', model: { text: 'mlp', options: { hidden: [3, 4] } },
  fit: { seed: 3, learningRate: 0.1 }, noise: { kind: 'covariance', covariance: [1, 0.1, 0.1, 2] }, threads: 2, command: 'unnorm fit',
}
const base = { unnorm: '0.1.0', request, columns: ['x', 'y'], dataFingerprint: 'd', modelFingerprint: 'm' }
const float32 = fc.float({ noNaN: false })
const array = (size: number) => fc.array(float32, { minLength: size, maxLength: size }).map((values) => Float32Array.from(values))
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value))
const metrics = fc.array(fc.record({ step: fc.nat(), objective: finite, heldOutObjective: fc.option(finite), seconds: finite }))
const state: fc.Arbitrary<TrainingState> = fc.nat({ max: 9 }).chain((size) => fc.record({
  step: fc.nat(), theta: array(size), firstMoment: array(size), secondMoment: array(size), average: array(size),
  best: fc.option(fc.record({ step: fc.nat(), objective: finite, theta: array(size) })), usualNorm: finite, running: fc.record({ sum: finite, count: fc.nat() }), metrics,
}))

describe('a checkpoint', () => {
  it('comes back bit by bit, also from the middle of a Buffer', () => {
    fc.assert(fc.property(fc.option(state), fc.option(array(5)), fc.nat({ max: 7 }), (training, initial, offset) => {
      const checkpoint: Checkpoint = { ...base, state: training, initial }
      const bytes = encodeCheckpoint(checkpoint)
      const buffer = Buffer.alloc(bytes.length + offset)
      buffer.set(bytes, offset)
      expect(decodeCheckpoint(buffer.subarray(offset), 'c')).toEqual(checkpoint)
    }))
  })
  it('is refused when any byte is another, or any part is missing', () => {
    const bytes = encodeCheckpoint({ ...base, initial: Float32Array.of(1, 2), state: null })
    fc.assert(fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = bytes.slice()
      damaged[at] ^= change
      expect(() => decodeCheckpoint(damaged, 'run/checkpoint.bin')).toThrow(/^run\/checkpoint\.bin is (?:damaged or cut off|no checkpoint of unnorm)/)
      expect(() => decodeCheckpoint(bytes.slice(0, at), 'run/checkpoint.bin')).toThrow(/damaged or cut off|no checkpoint/)
    }))
  })
})
