// GIFs decoded by another package: every frame shows what was put in.
import { GifReader } from 'omggif'
import { describe, expect, it } from 'vitest'
import { createGif } from '../../src/node/gif.ts'
import type { Pixels } from '../../src/node/render.ts'

const [width, height] = [40, 30]
/** A square that moves over stripes. */
function picture(step: number): Pixels {
  const data = new Uint8Array(4 * width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = x >= step && x < step + 10 && y >= 5 && y < 15
      data.set(inside ? [200, 30, 20, 255] : x % 4 < 2 ? [255, 255, 255, 255] : [31, 111, 208, 255], 4 * (y * width + x))
    }
  }
  return { width, height, data }
}

describe('an animated GIF', () => {
  it('shows the frames, for their times, without end', () => {
    const frames = [0, 4, 4, 25].map(picture)
    const gif = createGif([frames[0], frames[3]])
    frames.forEach((frame, k) => { gif.add(frame, 100 * (k + 1)) })
    const reader = new GifReader(Buffer.from(gif.finish()))
    expect([reader.width, reader.height, reader.numFrames(), reader.loopCount()]).toEqual([width, height, 4, 0])
    const shown = new Uint8Array(4 * width * height)
    frames.forEach(({ data }, k) => {
      // Disposal 1: what was drawn stays, which pixels that do not change rely on.
      expect(reader.frameInfo(k)).toMatchObject({ delay: 10 * (k + 1), disposal: 1 })
      reader.decodeAndBlitFrameRGBA(k, shown)
      // Colors are found again to the 5 or 6 bits that the palette is chosen with.
      const error = data.reduce((most, value, place) => Math.max(most, Math.abs(value - shown[place])), 0)
      expect(error, `frame ${k}`).toBeLessThanOrEqual(8)
    })
  })
  it('has frames of one size', () => {
    const gif = createGif([picture(0)])
    expect(() => { gif.add({ width: 2, height: 2, data: new Uint8Array(16) }, 100) }).toThrow('a frame of 2 × 2 pixels in a GIF of 40 × 30')
  })
})
