// Parameters as a user names them: `a`, `precision[2,1]`, or `eta` for all of its elements.
import { UnnormError } from '../base/errors.ts'
import { didYouMean } from '../base/nearest.ts'
import { elementNames } from './parameters.ts'
import type { Placed } from './parameters.ts'

/** The parts of a list separated by commas, those inside brackets aside; trimmed, none empty unless the text is wrong. */
export function splitList(text: string, separator = ','): string[] {
  const parts = ['']
  let depth = 0
  for (const letter of text) {
    if (letter === '[' || letter === '(') depth++
    if (letter === ']' || letter === ')') depth--
    if (letter === separator && depth <= 0) parts.push('')
    else parts[parts.length - 1] += letter
  }
  return parts.map((part) => part.trim())
}

/**
 * Positions in θ of what a name stands for; either triangle of a symmetric matrix.
 * @param option the option that the name stands in, for the message
 * @param others what else may be named there
 * @throws UnnormError `unknown-parameter` with the nearest name
 */
export function findParameters(parameters: readonly Placed[], name: string, option: string, others: readonly string[] = []): number[] {
  const plain = name.replace(/\s+/g, '')
  const found = parameters.flatMap(({ name: own, parameter, start }) => {
    const all = elementNames(own, parameter)
    if (plain === own) return all.map((_, k) => start + k)
    const turned = parameter.symmetric ? plain.replace(/\[(\d+),(\d+)\]$/, '[$2,$1]') : plain
    return all.flatMap((element, k) => (element === plain || element === turned ? [start + k] : []))
  })
  if (found.length > 0) return found
  const names = parameters.flatMap(({ name: own, parameter }) => elementNames(own, parameter))
  const shown = names.length > 12 ? `${names.slice(0, 12).join(', ')}, …` : names.join(', ')
  throw new UnnormError('unknown-parameter', `invalid ${option}: unknown parameter ${name}${didYouMean(plain, [...names, ...others])} (must be one of ${[...others, shown].join(', ')})`)
}
