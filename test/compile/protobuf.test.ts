// The wire format against bytes worked out by hand from its specification (protobuf.dev, "Encoding"), and against damage.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MessageWriter, readFields } from '../../src/compile/protobuf.ts'

const bytes = (message: MessageWriter): number[] => Array.from(message.finish())
const fields = (message: ArrayLike<number>) => [...readFields(Uint8Array.from(message))]

describe('writing', () => {
  test('the examples of the specification', () => {
    expect(bytes(new MessageWriter().integer(1, 150))).toEqual([0x08, 0x96, 0x01])
    expect(bytes(new MessageWriter().text(2, 'testing'))).toEqual([0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67])
    expect(bytes(new MessageWriter().message(3, new MessageWriter().integer(1, 150)))).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01])
  })

  test('negative numbers take ten bytes, field numbers beyond 15 two for the key', () => {
    expect(bytes(new MessageWriter().integer(1, -2))).toEqual([0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])
    expect(bytes(new MessageWriter().integer(20, 7))).toEqual([0xa0, 0x01, 0x07])
  })

  test('float32, little-endian', () => {
    expect(bytes(new MessageWriter().float(2, 0.5))).toEqual([0x15, 0, 0, 0, 0x3f])
    expect(bytes(new MessageWriter().float(2, -1))).toEqual([0x15, 0, 0, 0x80, 0xbf])
  })

  test('nothing is a message too', () => {
    expect(bytes(new MessageWriter())).toEqual([])
    expect(fields([])).toEqual([])
  })
})

type Part = { readonly kind: 'integer'; readonly field: number; readonly value: number } | { readonly kind: 'bytes'; readonly field: number; readonly value: Uint8Array }
const field = fc.integer({ min: 1, max: 2000 })
const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ kind: fc.constant('integer' as const), field, value: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('bytes' as const), field, value: fc.uint8Array({ maxLength: 300 }) }),
)
const write = (parts: readonly Part[]): Uint8Array => {
  const message = new MessageWriter()
  for (const each of parts) {
    if (each.kind === 'integer') message.integer(each.field, each.value)
    else message.bytes(each.field, each.value)
  }
  return message.finish()
}

describe('reading', () => {
  test('what was written, in its order', () => {
    fc.assert(fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
      const found = fields(write(parts))
      expect(found.map((each) => each.field)).toEqual(parts.map((each) => each.field))
      found.forEach(({ value, bytes: content }, k) => {
        const wanted = parts[k]
        if (wanted.kind === 'integer') expect(value).toBe(wanted.value)
        else expect(Array.from(content)).toEqual(Array.from(wanted.value))
      })
    }), { seed: 1 })
  })

  test('a message cut off anywhere is refused, or ends between two fields', () => {
    fc.assert(fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), fc.nat(), (parts, cut) => {
      const whole = write(parts)
      const length = cut % whole.length
      const ends = new Set(parts.map((_, k) => write(parts.slice(0, k)).length))
      if (ends.has(length)) expect(fields(whole.subarray(0, length)).length).toBeLessThan(parts.length)
      else expect(() => fields(whole.subarray(0, length))).toThrow(/the message (ends in the middle of a number|is cut off or is none)/)
    }), { seed: 2, numRuns: 500 })
  })

  test('fixed-width fields are stepped over', () => {
    expect(fields([0x0d, 1, 2, 3, 4, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x18, 5]).map((each) => [each.field, each.bytes.length, each.value])).toEqual([[1, 4, 4], [2, 8, 8], [3, 0, 5]])
  })

  test('kinds that do not exist, and numbers without end', () => {
    expect(() => fields([0x0b, 1])).toThrow('cut off or is none')
    expect(() => fields([0x0f])).toThrow('cut off or is none')
    expect(() => fields([0x08, ...new Array<number>(20).fill(0xff), 0x01])).toThrow('a number in the message is too long')
  })

  test('bytes at random never end in anything but fields or an error of these', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
      try {
        fields(noise)
      } catch (error) {
        expect((error as Error).message).toMatch(/message/)
      }
    }), { seed: 3, numRuns: 1000 })
  })
})
