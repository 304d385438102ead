// Options: validation and its messages, reading from text, flags and documentation.
import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { UnnormError } from '../../src/base/errors.ts'
import { checkOption, defaultWords, flagWords, optionsMarkdown, parseOption, rangeWords, resolveOptions } from '../../src/base/options.ts'
import type { OptionInputs, OptionValues, Options } from '../../src/base/options.ts'

const options = {
  noise: { type: 'number', above: 0, sentence: 'standard deviation of the noise', defaultWords: 'chosen from the data' },
  steps: { type: 'number', integer: true, minimum: 1, default: 2000, sentence: 'gradient steps' },
  level: { type: 'number', above: 0, below: 1, default: 0.95, sentence: 'level of the intervals' },
  hidden: { type: 'numbers', integer: true, minimum: 1, default: [128, 128], sentence: 'hidden sizes' },
  missing: { type: 'choice', choices: ['refuse', 'drop'], default: 'refuse', sentence: 'what to do with empty cells' },
  learningRate: { type: 'number', above: 0, default: 1e-3, sentence: 'size of a step' },
  figure: { type: 'boolean', default: true, sentence: 'draw no figure' },
  output: { type: 'path', short: 'o', required: true, placeholder: 'OUT', sentence: 'the file to write' },
} as const satisfies Options

const message = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof UnnormError && error.kind === 'usage') return `${error.code}: ${error.message}`
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('resolveOptions', () => {
  it('fills in defaults', () => {
    expect(resolveOptions(options, { output: 'a.csv', steps: 5 })).toEqual({
      noise: undefined, steps: 5, level: 0.95, hidden: [128, 128], missing: 'refuse', learningRate: 1e-3, figure: true, output: 'a.csv',
    })
  })
  it('infers the types', () => {
    type Values = OptionValues<typeof options>
    expectTypeOf<Values['noise']>().toEqualTypeOf<number | undefined>()
    expectTypeOf<Values['steps']>().toEqualTypeOf<number>()
    expectTypeOf<Values['hidden']>().toEqualTypeOf<readonly number[]>()
    expectTypeOf<Values['missing']>().toEqualTypeOf<'refuse' | 'drop'>()
    expectTypeOf<Values['figure']>().toEqualTypeOf<boolean>()
    expectTypeOf<Values['output']>().toEqualTypeOf<string>()
    expectTypeOf<{ output: string }>().toExtend<OptionInputs<typeof options>>()
    expectTypeOf<{ steps: number }>().not.toExtend<OptionInputs<typeof options>>()
  })
  it.each([
    [{ noise: -1 }, 'invalid-option: invalid noise: -1 (must be > 0)'],
    [{ noise: 0 }, 'invalid-option: invalid noise: 0 (must be > 0)'],
    [{ noise: Number.NaN }, 'invalid-option: invalid noise: NaN (must be a number > 0)'],
    [{ steps: 1.5 }, 'invalid-option: invalid steps: 1.5 (must be an integer ≥ 1)'],
    [{ steps: '7' }, 'invalid-option: invalid steps: 7 (must be an integer ≥ 1)'],
    [{ level: 1 }, 'invalid-option: invalid level: 1 (must be > 0 and < 1)'],
    [{ hidden: [] }, 'invalid-option: invalid hidden:  (must be integers ≥ 1, separated by commas)'],
    [{ hidden: [4, 0] }, 'invalid-option: invalid hidden: 4,0 (must be integers ≥ 1, separated by commas)'],
    [{ level: 0 }, 'invalid-option: invalid level: 0 (must be > 0 and < 1)'],
    [{ missing: 'drp' }, 'invalid-option: invalid missing: drp (must be one of refuse, drop; did you mean drop?)'],
    [{ figure: 1 }, 'invalid-option: invalid figure: 1 (must be true or false)'],
    [{ output: ' ' }, 'invalid-option: invalid output:   (must not be empty)'],
    [{ leaningRate: 1 }, 'unknown-option: unknown option: leaningRate (did you mean learningRate?)'],
    [{ toString: 1 }, 'unknown-option: unknown option: toString'],
  ])('refuses %j', (given, expected) => {
    expect(message(() => resolveOptions(options, { output: 'a', ...given }))).toBe(expected)
  })
  it('names what is missing', () => {
    expect(message(() => resolveOptions(options, {}))).toBe('missing-option: missing output: the file to write')
  })
})

describe('parseOption', () => {
  it('reads every finite number that JavaScript writes', () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(parseOption('x', { type: 'number', sentence: '' }, String(value))).toBe(Object.is(value, -0) ? 0 : value)
    }))
  })
  it('reads lists back', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1 }), { minLength: 1 }), (list) => {
      expect(parseOption('hidden', options.hidden, list.join(','))).toEqual(list)
    }))
  })
  it.each(['', ' ', '0x10', '12px', '1,5', 'Infinity', '--2', '1e', '1_000'])('refuses %j as a number', (text) => {
    expect(message(() => parseOption('noise', options.noise, text))).toBe(`invalid-option: invalid noise: ${text} (must be a number > 0)`)
  })
  it.each(['8,', 'a', '8,b', '8 8', '8,1e400'])('refuses %j as a list', (text) => {
    expect(message(() => parseOption('hidden', options.hidden, text))).toContain('(must be integers ≥ 1, separated by commas)')
  })
})

describe('words', () => {
  it('describes flags, ranges and defaults', () => {
    expect(flagWords('learningRate', options.learningRate)).toBe('--learning-rate N')
    expect(flagWords('output', options.output)).toBe('-o, --output OUT')
    expect(flagWords('figure', options.figure)).toBe('--no-figure')
    expect(rangeWords(options.level)).toBe('> 0 and < 1')
    expect(defaultWords(options.noise)).toBe('chosen from the data')
    expect(defaultWords(options.hidden)).toBe('128,128')
  })
  it('writes a table with one line an option', () => {
    const lines = optionsMarkdown(options).trimEnd().split('\n')
    expect(lines).toHaveLength(2 + Object.keys(options).length)
    expect(lines[2]).toBe('| `--noise N` | chosen from the data | > 0 | standard deviation of the noise |')
  })
  it('has defaults that pass their own checks', () => {
    for (const [name, option] of Object.entries(options)) {
      if ('default' in option) expect(checkOption(name, option, option.default)).toEqual(option.default)
    }
  })
})
