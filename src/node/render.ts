// Drawing without a browser: a DOM document for figures, and figures as PNG with fonts that are always there.
import { accessSync } from 'node:fs'
import { createRequire } from 'node:module'
import { UnnormError } from '../base/errors.ts'
import type { SvgDocument } from '../report/figure.ts'
import { requireResvg } from './require.ts'

const fontFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf', 'DejaVuSans-Oblique.ttf']

/** Syriac to Georgian with the scripts of India, Hangul and Ethiopic, the scripts of East Asia, and what lies beyond the first plane. */
const BEYOND_DEJAVU = /[\u0700-\u109f\u1100-\u139f\u1780-\u18af\u2e80-\ufaff]|[\u{20000}-\u{3ffff}]/u

/** A document for figures to draw into. Loads linkedom, so only when something is drawn. */
export async function createSvgDocument(): Promise<SvgDocument> {
  const { parseHTML } = await import('linkedom')
  return parseHTML('<!doctype html><html><body></body></html>').document as unknown as SvgDocument
}

/**
 * A figure's SVG as PNG bytes.
 * @param svg a standalone SVG document
 * @param scale pixels of the image per pixel of the figure; 2 is sharp on a slide and in print
 * @throws UnnormError `font-missing` when the fonts cannot be read: without fonts all text would vanish in silence
 */
export async function renderPng(svg: string, scale = 2): Promise<Uint8Array> {
  return (await render(svg, scale)).asPng()
}

/** A picture as pixels: red, green, blue and opacity of each, row by row. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** A figure's SVG as pixels. @throws UnnormError `font-missing` */
export async function renderPixels(svg: string, scale: number): Promise<Pixels> {
  const { width, height, pixels } = await render(svg, scale)
  return { width, height, data: Uint8Array.from(pixels) }
}

function render(svg: string, scale: number) {
  const { renderAsync } = requireResvg()
  // On another thread: drawing takes a tenth of a second, in which the caller can do other work.
  return renderAsync(svg, {
    fitTo: { mode: 'zoom', value: scale },
    // The same picture on every machine; but names in a script that DejaVu lacks need whatever fonts the machine has.
    font: { loadSystemFonts: BEYOND_DEJAVU.test(svg), fontFiles: fontPaths(), defaultFontFamily: 'DejaVu Sans', sansSerifFamily: 'DejaVu Sans' },
  })
}

function fontPaths(): string[] {
  const { resolve } = createRequire(import.meta.url)
  return fontFiles.map((name) => {
    try {
      const path = resolve(`dejavu-fonts-ttf/ttf/${name}`)
      accessSync(path)
      return path
    } catch (error) {
      throw new UnnormError('font-missing', `cannot read the font ${name} of the package dejavu-fonts-ttf, without which figures would have no text: ${(error as Error).message} (install unnorm again, or ask for .svg)`)
    }
  })
}
