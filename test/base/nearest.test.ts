// The name a user probably meant.
import { describe, expect, it } from 'vitest'
import { didYouMean, nearest } from '../../src/base/nearest.ts'

describe('nearest', () => {
  it.each([
    ['nois', 'noise'], ['niose', 'noise'], ['NOISE', 'noise'], ['steps', 'steps'], ['setps', 'steps'], ['learn', 'learning-rate'], ['x1', 'x2'],
  ])('finds %s → %s', (name, expected) => {
    expect(nearest(name, ['steps', 'noise', 'learning-rate', 'x2'])).toBe(expected)
  })
  it('stays silent when nothing is near', () => {
    expect(nearest('banana', ['steps', 'noise'])).toBeUndefined()
    expect(nearest('a', ['b'])).toBeUndefined()
    expect(didYouMean('banana', [])).toBe('')
    expect(didYouMean('nois', ['noise'])).toBe(' (did you mean noise?)')
  })
})
