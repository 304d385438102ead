// The report of real fits in a browser without network: nothing is asked for, nothing runs out of the page, all text can be read.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { parabola } from '../../src/data/synthetic/parabola.ts'
import type { Table } from '../../src/data/table.ts'
import { gaussian } from '../../src/model/energies/gaussian.ts'
import { mlp } from '../../src/model/energies/mlp.ts'
import type { Model } from '../../src/model/model.ts'
import { fit } from '../../src/node/main.ts'
import { readTable } from '../../src/node/read-table.ts'
import { saveRun } from '../../src/node/save-run.ts'
import type { FitSettings } from '../../src/result/fit-table.ts'
import { contrast } from './contrast.ts'

/** What the browser was asked for and what it said, beside the page itself. */
interface Visit {
  readonly page: Page
  readonly requests: readonly string[]
  readonly complaints: readonly string[]
}

let browser: Browser
let folder = ''
const address = (run: string) => pathToFileURL(join(folder, run, 'report.html')).href

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unnorm-report-'))
  const save = async (run: string, model: Model, table: Table, settings: FitSettings) => {
    const result = await fit(model, table, { ...settings, threads: 1 })
    await saveRun(result, join(folder, run))
    await result.release()
  }
  const density = parabola()
  const ridge = { source: 'ridge.csv', columns: density.columns, rows: 300, rowsRead: 300, columnsLeftOut: [], values: density.sample(300, createRandom(1)) }
  const iris = fileURLToPath(new URL('../../examples/data/iris.csv', import.meta.url))
  await save('network', mlp({ hidden: [8] }), ridge, { steps: 40 })
  await save('family', gaussian, await readTable(iris), {})
  // Names and units as they are outside of textbooks.
  const columns = ['north', 'south', 'inlet', 'outlet', 'upper', 'lower', 'east'].map((place) => `measurement_channel_${place}_temperature`)
  const random = createRandom(2)
  const values = Float64Array.from({ length: 200 * 7 }, (_, k) => 10 ** ((k % 7) * 3 - 8) * (random.normal() + 1))
  await save('grid', gaussian, { source: 'channels.csv', columns, rows: 200, rowsRead: 200, columnsLeftOut: [], values }, {})
  await save('column', gaussian, await readTable(iris, { columns: ['Petal.Width'] }), {})
  // `npm test` finds or installs a browser, see scripts/ensure.mjs.
  browser = await chromium.launch({ executablePath: process.env.UNNORM_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
})
afterAll(async () => {
  await browser?.close()
  await rm(folder, { recursive: true, force: true })
})

async function visit(run: string, width: number, colorScheme: 'light' | 'dark', look: (visit: Visit) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, offline: true })
  try {
    const page = await context.newPage()
    const [requests, complaints]: string[][] = [[], []]
    page.on('request', (request) => requests.push(request.url()))
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(address(run))
    await look({ page, requests, complaints })
  } finally {
    await context.close()
  }
}

/** The boxes of the panels of the main figure, in pixels of the page, each with that of its first plot. */
const panels = (page: Page) => page.locator('section', { has: page.locator('h2', { hasText: 'The density and its score' }) }).locator('figure > svg')
  .evaluateAll((drawings) => drawings.map((drawing) => {
    const [own, plot] = [drawing, drawing.querySelector('svg') as Element].map((element) => element.getBoundingClientRect().toJSON() as DOMRect)
    return { ...own, plot }
  }))

/** Texts of the main figure that touch another one, or that a plot cuts off. */
const collisions = (page: Page) => page.locator('section', { has: page.locator('h2', { hasText: 'The density and its score' }) }).locator('figure > svg text')
  .evaluateAll((elements) => {
    const texts = elements.filter((element) => element.textContent !== '').map((element) => {
      const plot = element.closest('svg') as SVGSVGElement
      const { a, e, f } = plot.getScreenCTM() as DOMMatrix
      return { text: element.textContent, box: element.getBoundingClientRect(), left: e, top: f, right: e + a * plot.width.baseVal.value, bottom: f + a * plot.height.baseVal.value }
    })
    const cut = texts.filter(({ box, left, right, top, bottom }) => box.left < left || box.right > right || box.top < top || box.bottom > bottom)
    const touching = texts.flatMap((one, index) => texts.slice(index + 1)
      .filter(({ box }) => box.left < one.box.right && box.right > one.box.left && box.top < one.box.bottom && box.bottom > one.box.top)
      .map((other) => `${one.text} | ${other.text}`))
    return [...cut.map(({ text }) => text), ...touching]
  })

/** Every text of the page with its color and that of its ground. */
const texts = (page: Page) => page.evaluate(() => {
  const found: { text: string; color: string; ground: string }[] = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent?.trim() ?? ''
    const element = walker.currentNode.parentElement
    if (text === '' || element === null || element.tagName === 'title') continue
    const panel = element.closest('figure > svg')
    let ground = ''
    for (let around: Element | null = element; around !== null && /^$|, 0\)$/.test(ground); around = around.parentElement) ground = getComputedStyle(around).backgroundColor
    const { color, fill } = getComputedStyle(element)
    found.push({ text, color: panel === null ? color : fill, ground: panel === null ? ground : getComputedStyle(panel.querySelector('rect') as Element).fill })
  }
  return found
})

describe.each(['network', 'family', 'column'])('the report of a %s', (run) => {
  it.each([[1000, 'light'], [390, 'dark']] as const)('at %i pixels, %s, asks for nothing but itself, and nothing is wrong with it', async (width, scheme) => {
    await visit(run, width, scheme, async ({ page, requests, complaints }) => {
      await page.waitForLoadState('networkidle')
      expect(requests).toEqual([address(run)])
      expect(complaints).toEqual([])
      expect(await panels(page)).toHaveLength(run === 'family' ? 1 : 2)
    })
  })

  it.each([1000, 390])('does not run out of a page of %i pixels', async (width) => {
    await visit(run, width, 'light', async ({ page }) => {
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
    })
  })

  it.each(['light', 'dark'] as const)('can be read: %s', async (scheme) => {
    await visit(run, 1000, scheme, async ({ page }) => {
      await page.locator('details').evaluateAll((all) => all.forEach((details) => details.setAttribute('open', '')))
      const all = await texts(page)
      expect(all.length).toBeGreaterThan(50)
      const ground = contrast(all[0].ground, '#000000')
      expect(scheme === 'dark' ? ground < 2 : ground > 15).toBe(true)
      expect(all.filter(({ color, ground: under }) => !(contrast(color, under) >= 4.5))).toEqual([])
    })
  })
})

describe('the main figure', () => {
  it.each(['network', 'family', 'column', 'grid'])('of a %s has no text that touches another or is cut off', async (run) => {
    await visit(run, 1200, 'light', async ({ page }) => {
      expect(await collisions(page)).toEqual([])
    })
  })
})

describe('the panels of the main figure', () => {
  it.each([900, 1000, 1400])('stand side by side at %i pixels, their plots in line', async (width) => {
    await visit('network', width, 'light', async ({ page }) => {
      const [density, score] = await panels(page)
      expect(score.left).toBeGreaterThanOrEqual(density.right)
      expect(score.right).toBeLessThanOrEqual(width)
      for (const side of ['top', 'bottom', 'width'] as const) expect(Math.abs(score.plot[side] - density.plot[side])).toBeLessThan(1)
    })
  })
  it.each([['network', 390], ['column', 390], ['column', 1000]] as const)('of a %s stand one under the other at %i pixels', async (run, width) => {
    await visit(run, width, 'dark', async ({ page }) => {
      const [density, score] = await panels(page)
      expect(score.top).toBeGreaterThanOrEqual(density.bottom)
      // Curves over one column: at one x in both plots, and no wider than a page that has room.
      if (run === 'column') expect(score.plot.left).toBeCloseTo(density.plot.left, 0)
      if (width === 1000) expect(score.right).toBeLessThanOrEqual(width)
    })
  })
})
