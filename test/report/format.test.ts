// Numbers as people read them.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asSentence, formatCount, formatEstimate, formatNumber, formatPercent, formatSeconds, formatSetting, formatWithError, plainText, shortList, shorten, typographic, wrapText } from '../../src/report/format.ts'

describe('numbers', () => {
  it('keeps significant digits and never an exponent in the ordinary range', () => {
    expect(formatNumber(1234.567)).toBe('1235')
    expect(formatNumber(0.0123456)).toBe('0.01235')
    expect(formatNumber(9.9996)).toBe('10.00')
    expect(formatNumber(0)).toBe('0')
    expect(formatNumber(-0.00001234, 2)).toBe('-1.2e-5')
    expect(formatNumber(123456789, 3)).toBe('1.23e8')
    expect(formatNumber(Number.NaN)).toBe('not a number')
    expect(formatNumber(-Infinity)).toBe('-infinity')
  })

  it('shows an estimate to two significant digits of its error', () => {
    expect(formatEstimate(10.383924916, 1.2)).toBe('10.4')
    expect(formatEstimate(5.8433333, 0.0674)).toBe('5.843')
    expect(formatEstimate(123.456, 40)).toBe('123')
    expect(formatEstimate(1.5, 0.0996)).toBe('1.50')
    expect(formatEstimate(-0.0001, 0.02)).toBe('0.000')
    expect(formatEstimate(70.123456, 0)).toBe('70.1235')
    expect(formatEstimate(70.123456, null)).toBe('70.1235')
    expect(formatEstimate(3.2e9, 1.5e7)).toBe('3.200e9')
    expect(formatWithError(-3.145, 0.02)).toBe('-3.145 ± 0.020')
    expect(formatWithError(2, null)).toBe('2.00000')
    expect(formatWithError(1.929062237438, 9.4e-14)).toBe('1.92906 ± 9.4e-14')
    expect(formatWithError(12.3, 3e-5)).toBe('12.300000 ± 3.0e-5')
    expect(formatEstimate(1_700_000_123, 300)).toBe('1.70000012e9')
    expect(formatEstimate(0, 1e-9)).toBe('0')
  })

  it('is off by less than half of the error\'s second digit, or of its own sixth where the error is negligible', () => {
    fc.assert(fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), fc.double({ min: 1e-15, max: 1e6, noNaN: true }), (value, error) => {
      const shown = Number(formatEstimate(value, error))
      const digit = error > 1e-7 * Math.abs(value) ? 10 ** (Math.floor(Math.log10(error)) - 1) : 10 ** (Math.floor(Math.log10(Math.abs(value))) - 5)
      expect(Math.abs(shown - value)).toBeLessThanOrEqual(5.1 * digit + Math.abs(value) * 1e-12)
    }))
  })

  it('has no exponent from a ten-thousandth to a million, whatever the error', () => {
    fc.assert(fc.property(fc.double({ min: -4, max: 6, noNaN: true }), fc.double({ min: -16, max: 6, noNaN: true }), (size, error) => {
      expect(formatEstimate(10 ** size, 10 ** error)).toMatch(/^\d+(\.\d+)?$/)
    }))
  })

  it('writes settings, shares, counts and times shortly', () => {
    expect(formatSetting(0.1)).toBe('0.1')
    expect(formatSetting(95)).toBe('95')
    expect(formatSetting(100)).toBe('100')
    expect(formatSetting(1e-7)).toBe('1e-7')
    expect(formatPercent(0.0421)).toBe('4.2 %')
    expect(formatPercent(1)).toBe('100 %')
    expect(formatCount(20000000)).toBe('20,000,000')
    expect(formatSeconds(0.0213)).toBe('0.021 s')
    expect(formatSeconds(59.7)).toBe('1 min 0 s')
    expect(formatSeconds(7500)).toBe('2 h 5 min')
  })
})

describe('text', () => {
  it('wraps without losing a character', () => {
    fc.assert(fc.property(fc.array(fc.string({ minLength: 1, maxLength: 30 }).filter((word) => !/\s/.test(word))), fc.integer({ min: 1, max: 40 }), (words, width) => {
      const lines = wrapText(words.join(' '), width)
      expect(lines.join('').replace(/ /g, '')).toBe(words.join(''))
      for (const line of lines) expect([...line].length).toBeLessThanOrEqual(width)
    }))
  })

  it('takes the power over the terminal from user text', () => {
    expect(plainText('a\u001b[31mb\u0007\nc\u202ed')).toBe('a␣[31mb␣c␣d')
  })

  it('keeps together what a no-break space joins', () => {
    expect(wrapText('half where s\u00a0=\u00a01.9', 14)).toEqual(['half where', 's\u00a0=\u00a01.9'])
  })

  it('shortens and lists', () => {
    expect([asSentence('noise of 0.1'), asSentence('Why?')]).toEqual(['Noise of 0.1.', 'Why?'])
    expect(shorten('Sepal.Length', 6)).toBe('Sepal…')
    expect(shortList(['a', 'b', 'c', 'd'], 2)).toBe('a, b and 2 more')
    expect(shortList(['a', 'b'], 2)).toBe('a, b')
    expect(typographic('-1.5 to -2, e-5, 3.2e-5, score-matching')).toBe('−1.5 to −2, e-5, 3.2×10⁻⁵, score-matching')
  })
})
