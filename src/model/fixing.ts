// `--fix`: what a user holds of a model's parameters, as a linear restriction of θ.
import { UnnormError } from '../base/errors.ts'
import type { HeldParameter, TracedModel } from './model.ts'
import { findParameters, splitList } from './parameter-names.ts'
import type { Restriction } from './restriction.ts'

/** One entry of `--fix`: `rate = 2`, or the name of something that the model can hold. */
export interface Fixing {
  readonly name: string
  readonly value: number | undefined
}

const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/**
 * Reads `--fix`: entries `NAME = VALUE` or `NAME` separated by commas.
 * @throws UnnormError `invalid-option` (usage)
 */
export function parseFixings(text: string): Fixing[] {
  return splitList(text).map((part) => {
    const [name, value, ...more] = part.split('=').map((side) => side.trim())
    if (name === '' || more.length > 0 || (value !== undefined && !number.test(value))) {
      throw new UnnormError('invalid-option', `invalid fix: ${part || text} (must be NAME = NUMBER, several separated by commas)`, 'usage')
    }
    return { name, value: value === undefined ? undefined : Number(value) }
  })
}

/**
 * The restriction that fixings make of a model at these rows.
 * @param rows row-major [n × d]
 * @param weights of the rows, [n]; all alike if left out
 * @throws UnnormError `unknown-parameter`, `invalid-fix`
 */
export function restrictionOf({ model, dimension, parameters, parameterNames, parameterCount, positive }: TracedModel, fixings: readonly Fixing[], rows: Float64Array, weights?: ArrayLike<number>): Restriction {
  const offset = new Float64Array(parameterCount)
  const fixed = new Array<boolean>(parameterCount).fill(false)
  const holds: { readonly held: HeldParameter; readonly at: readonly number[] }[] = []
  const taken = new Map<number, string>()
  const take = (elements: readonly number[], entry: string): void => {
    for (const k of elements) {
      if (taken.has(k)) throw invalid(`${parameterNames[k]} twice, by ${taken.get(k)} and by ${entry} (hold each parameter once)`)
      taken.set(k, entry)
    }
  }
  for (const { name, value } of fixings) {
    const hold = Object.hasOwn(model.holds, name) ? model.holds[name] : undefined
    if (hold && value === undefined) {
      const { start, parameter } = parameters.find((placed) => placed.name === hold.parameter)!
      const at = Array.from({ length: parameter.size }, (_, k) => start + k)
      take(at, name)
      holds.push({ held: hold.restrict(rows, dimension, weights), at })
      continue
    }
    const elements = findParameters(parameters, name, 'fix', Object.keys(model.holds))
    if (value === undefined) throw invalid(`${name} (must have a value: ${name} = 0)`)
    take(elements, `${name} = ${value}`)
    for (const k of elements) {
      if (positive[k] && !(value > 0)) throw invalid(`${parameterNames[k]} = ${value} (must be > 0)`)
      offset[k] = value
      fixed[k] = true
    }
  }
  const single = parameterNames.map((_, k) => k).filter((k) => !taken.has(k))
  const size = single.length + holds.reduce((total, { held }) => total + held.names.length, 0)
  if (size === 0) throw invalid('all parameters are held (leave at least one free)')
  const columns = new Float64Array(parameterCount * size)
  single.forEach((k, c) => { columns[k * size + c] = 1 })
  let next = single.length
  for (const { held: { columns: own, names }, at } of holds) {
    at.forEach((k, row) => names.forEach((_, c) => { columns[k * size + next + c] = own[row * names.length + c] }))
    next += names.length
  }
  return {
    names: [...single.map((k) => parameterNames[k]), ...holds.flatMap(({ held }) => held.names)],
    positive: [...single.map((k) => positive[k]), ...holds.flatMap(({ held }) => held.positive)],
    columns, offset, fixed,
    start: (theta) => Float64Array.from([...single.map((k) => theta[k]), ...holds.flatMap(({ held }) => [...held.start])]),
  }
}

const invalid = (what: string): UnnormError => new UnnormError('invalid-fix', `invalid fix: ${what}`)
