// The figure and the section on the noise levels: numbers where they belong, and words that follow them.
import { beforeAll, expect, it } from 'vitest'
import type { LadderCalibration } from '../../src/evaluate/ladder-calibration.ts'
import { createSvgDocument } from '../../src/node/render.ts'
import { colors } from '../../src/report/drawing/palette.ts'
import { calibrationSection } from '../../src/report/calibration-section.ts'
import type { SvgDocument } from '../../src/report/figure.ts'
import { ladderCalibration } from '../../src/report/figures/ladder-calibration.ts'
import { fitExample } from './examples.ts'

let document: SvgDocument
beforeAll(async () => { document = await createSvgDocument() })

const noises = [4, 1, 0.25, 0.0625]
function calibrationOf(space: readonly number[], hasSlope = true): LadderCalibration {
  return {
    rows: 1234,
    levels: noises.map((noise, k) => ({
      noise, space: { value: space[k], standardError: 0.01, cost: 0.001 },
      level: hasSlope ? { value: 1, standardError: 0.02, cost: 0 } : null, drift: hasSlope ? { value: 0.01 * k, standardError: 0.01 * k } : null,
    })),
  }
}
const drawn = (calibration: LadderCalibration | null) => ladderCalibration.draw({ fit: fitExample({ ladderCalibration: calibration }), metrics: [], landscape: null, margins: null, probabilities: null }, document)
const html = (calibration: LadderCalibration | null, warnings: { code: string; message: string }[] = []) =>
  calibrationSection({ fit: fitExample({ ladderCalibration: calibration, warnings }) }, null)?.markup

it('has a dot for each level at its noise, those that are off by four errors in the color of warnings', () => {
  const [panel] = drawn(calibrationOf([1, 0.97, 0.95, 1]))!.panels
  const dots = [...panel.matchAll(/<g [^>]*fill="([^"]*)" aria-label="dot">(.*?)<\/g>/g)].map(([, color, circles]) => ({ color, places: [...circles.matchAll(/cx="([^"]*)"/g)].map(([, x]) => Number(x)) }))
  expect(dots.map(({ color, places }) => [color, places.length])).toEqual([[colors.point, 3], [colors.warning, 1]])
  // Equal ratios of noise are equal distances.
  const places = dots.flatMap(({ places: each }) => each).sort((a, b) => a - b)
  for (let k = 1; k < 4; k++) expect(places[k] - places[k - 1]).toBeCloseTo((places[3] - places[0]) / 3, 1)
  expect([...panel.matchAll(/<text[^>]*>([\d.]+)<\/text>/g)].map(([, text]) => text).filter((text) => ['0.1', '0.3', '1', '3'].includes(text))).toEqual(['0.1', '0.3', '1', '3'])
})

it('has one panel where only scores were fitted, and none for other fits', () => {
  expect(drawn(calibrationOf([1, 1, 1, 1]))!.panels).toHaveLength(3)
  expect(drawn(calibrationOf([1, 1, 1, 1], false))!.panels).toHaveLength(1)
  expect(drawn(null)).toBeNull()
})

it('says levels that leave the frame', () => {
  expect(drawn(calibrationOf([1, 1, 1, -3]))!.panels[0]).toContain('1 of 4 levels lie outside the frame.')
})

it('says in words whether a level is off, and whether that matters', () => {
  expect(html(calibrationOf([1, 0.99, 1.01, 1]))).toMatch(/No level is off by more than chance\. Down to the smallest, log Z drifts by 0\.030 ± 0\.030 nats\.[\s\S]*1,234 held-out rows/)
  expect(html(calibrationOf([1, 0.9, 1, 1]))).toContain('Some levels are off by more than chance, but by less than matters.')
  expect(html(calibrationOf([1, 0.9, 1, 1]), [{ code: 'uncalibrated-levels', message: 'steep' }])).toContain('and by as much as matters: see the warnings above')
  expect(html(calibrationOf([1, 1, 1, 1], false))).not.toMatch(/log Z drifts|derivative in the level/)
  expect(html(null)).toBeUndefined()
})
