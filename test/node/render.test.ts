// Drawing without a browser: pictures have the right size, and their text is there.
import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createSvgDocument, renderPng } from '../../src/node/render.ts'
import { drawLandscape } from '../../src/report/figures/density-and-score.ts'
import { prepareLandscape } from '../../src/report/landscape/landscape.ts'
import { generator, mixtureEnergy, mixtureRow, tableOf } from '../report/examples.ts'

/** Width, height and RGBA pixels of a PNG with 8 bits a channel and no interlacing (PNG specification, §9: filters). */
function decode(png: Uint8Array): { width: number; height: number; pixels: Uint8Array } {
  const view = Buffer.from(png)
  expect(view.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
  const [width, height] = [view.readUInt32BE(16), view.readUInt32BE(20)]
  expect([view[24], view[25], view[28]]).toEqual([8, 6, 0])
  const chunks: Buffer[] = []
  for (let at = 8; at < view.length; at += 12 + view.readUInt32BE(at)) {
    if (view.toString('latin1', at + 4, at + 8) === 'IDAT') chunks.push(view.subarray(at + 8, at + 8 + view.readUInt32BE(at)))
  }
  const raw = inflateSync(Buffer.concat(chunks))
  const stride = 4 * width
  const pixels = new Uint8Array(stride * height)
  for (let row = 0; row < height; row++) {
    const filter = raw[row * (stride + 1)]
    for (let column = 0; column < stride; column++) {
      const left = column >= 4 ? pixels[row * stride + column - 4] : 0
      const up = row > 0 ? pixels[(row - 1) * stride + column] : 0
      const corner = column >= 4 && row > 0 ? pixels[(row - 1) * stride + column - 4] : 0
      const guess = left + up - corner
      const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)]
      const paeth = a <= b && a <= c ? left : b <= c ? up : corner
      pixels[row * stride + column] = raw[row * (stride + 1) + 1 + column] + [0, left, up, (left + up) >> 1, paeth][filter]
    }
  }
  return { width, height, pixels }
}

/** Share of pixels in a rectangle that are dark. */
function darkShare({ width, pixels }: ReturnType<typeof decode>, x: number, y: number, w: number, h: number): number {
  let dark = 0
  for (let row = y; row < y + h; row++) for (let column = x; column < x + w; column++) if (pixels[4 * (row * width + column)] < 140) dark++
  return dark / (w * h)
}

describe('a PNG of a figure', () => {
  it('has text where the title is and a white ground, at the scale asked for', async () => {
    const random = generator(9)
    const landscape = await prepareLandscape(mixtureEnergy(['x', 'y'], [[0, 0]], [1], 1), tableOf(['x', 'y'], 100, () => mixtureRow(random, [[0, 0]], [1], 1)), { heading: 'test of text', logNormalizer: null, noise: null, warnings: [] })
    const { svg } = drawLandscape(landscape, await createSvgDocument())
    const [width, height] = (/viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []).slice(1).map(Number)
    const once = decode(await renderPng(svg, 1))
    expect([once.width, once.height]).toEqual([width, height])
    expect(Array.from(once.pixels.subarray(0, 4))).toEqual([255, 255, 255, 255])
    // The title "Learned density" stands under the heading, 14 pixels from the left.
    expect(darkShare(once, 14, 38, 110, 18)).toBeGreaterThan(0.1)
    expect(darkShare(once, 14, 38, 110, 18)).toBeLessThan(0.6)
    // Without its text the same place is empty.
    const bare = decode(await renderPng(svg.replace(/<text[\s\S]*?<\/text>/g, ''), 1))
    expect(darkShare(bare, 14, 38, 110, 18)).toBe(0)
    const twice = Buffer.from(await renderPng(svg))
    expect([twice.readUInt32BE(16), twice.readUInt32BE(20)]).toEqual([2 * width, 2 * height])
  })

  it('has every letter and sign that figures use', async () => {
    for (const sign of 'Aé±⚠σφ²∇‖−×⁻⁴→…') {
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="#ffffff"/><text x="8" y="30" font-family="system-ui, sans-serif" font-size="26">${sign}</text></svg>`
      const missing = svg.replace(sign, '\u{10fff0}')
      const picture = decode(await renderPng(svg, 1))
      expect(darkShare(picture, 0, 0, 40, 40), sign).toBeGreaterThan(0.002)
      expect(Buffer.from(picture.pixels).equals(Buffer.from(decode(await renderPng(missing, 1)).pixels)), sign).toBe(false)
    }
  })
})
