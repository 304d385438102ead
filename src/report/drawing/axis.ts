// The numbers of an axis: round values, as many as there is room for, and a common power of ten where they would be long.
import { formatCount, formatSetting, powerOfTen, typographic } from '../format.ts'
import { textWidth } from './text.ts'

/** The interval an axis shows. */
export type Interval = readonly [number, number]

/** Numbers along an axis: `texts[k] · 10^power` stands at `values[k]`. */
export interface AxisNumbers {
  readonly values: readonly number[]
  readonly texts: readonly string[]
  readonly power: number
}

/** The size of the numbers, in pixels. */
export const numberSize = 10.5
/** About how many numbers an axis has, unless it says otherwise. */
export const usualTicks = 6
/** Between neighboring numbers, in pixels. */
const gap = 6

/** Round values in an interval, about as many as said, in steps of 1, 2 or 5 times a power of ten. */
export function axisNumbers([from, to]: Interval, most: number): AxisNumbers {
  const rough = (to - from) / most
  if (!(rough > 0) || !Number.isFinite(rough)) return { values: [], texts: [], power: 0 }
  const unit = 10 ** Math.floor(Math.log10(rough))
  // Bounds at geometric means, so that the step is the nearest in ratio.
  const step = unit * (rough >= unit * Math.sqrt(50) ? 10 : rough >= unit * Math.sqrt(10) ? 5 : rough >= unit * Math.SQRT2 ? 2 : 1)
  const first = Math.ceil(from / step)
  const values = Array.from({ length: Math.floor(to / step) - first + 1 }, (_, index) => (first + index) * step)
  const power = commonPower(values)
  const decimals = Math.max(0, -exponentOf(step) + power)
  return { values, texts: values.map((value) => typographic(numberText(value / 10 ** power, decimals))), power }
}

/** Powers of ten, and where few of them are in view numbers between, on an axis that shows decimal logarithms. */
export function logarithmicNumbers([from, to]: Interval): AxisNumbers {
  const factors = to - from > 3.2 ? [1] : to - from > 1.6 ? [1, 3] : [1, 2, 5]
  const powers = Array.from({ length: Math.ceil(to) - Math.floor(from) + 1 }, (_, index) => Math.floor(from) + index)
  const shown = powers.flatMap((power) => factors.map((factor) => factor * 10 ** power)).filter((value) => Math.log10(value) >= from && Math.log10(value) <= to)
  return { values: shown.map(Math.log10), texts: shown.map((value) => formatSetting(value)), power: 0 }
}

/**
 * The numbers of a horizontal axis: fewer where they would touch.
 * @param place the pixel of a value, counted from where the numbers may begin
 * @param room how many pixels there are for them; `shown` are the values whose numbers do not run out of it
 */
export function horizontalNumbers(interval: Interval, most: number, place: (value: number) => number, room: number): AxisNumbers & { readonly shown: readonly number[] } {
  const numbers = axisNumbers(interval, most)
  const all = numbers.values.map((value, index) => ({ value, middle: place(value), half: textWidth(numbers.texts[index], numberSize) / 2 }))
  const whole = all.filter(({ middle, half }) => middle >= half && middle + half <= room)
  const isTight = whole.some(({ middle, half }, index) => index > 0 && whole[index - 1].middle + whole[index - 1].half + gap > middle - half)
  return isTight && most > 1 ? horizontalNumbers(interval, most - 1, place, room) : { ...numbers, shown: whole.map(({ value }) => value) }
}

/** `mass`, or `mass (×10⁶)`; null where there is nothing to say. */
export function axisTitle(label: string | null, { power }: AxisNumbers): string | null {
  if (power === 0) return label
  return label === null ? `×${powerOfTen(power)}` : `${label} (×${powerOfTen(power)})`
}

/** Up to five digits before the point and two zeros after it are read at a glance. */
function commonPower(values: readonly number[]): number {
  const largest = Math.max(...values.map(Math.abs))
  if (!(largest > 0)) return 0
  const exponent = exponentOf(largest)
  return exponent < -2 || exponent > 4 ? exponent : 0
}

/** ⌊log₁₀⌋ of a number that rounding may have put just under a power of ten. */
function exponentOf(value: number): number {
  return Math.floor(Math.log10(value) + 1e-9)
}

/** Digits in groups from 10,000 on: 2026 is rather a year. */
function numberText(value: number, decimals: number): string {
  const text = value.toFixed(Math.min(decimals, 100))
  return decimals === 0 && Math.abs(value) >= 1e4 ? text.replace(/\d+/, (digits) => formatCount(Number(digits))) : text
}
