// Pictures as an animated GIF that repeats for ever: one palette, and of each frame only the pixels that changed.
import type { Pixels } from './render.ts'
import { requireGifenc } from './require.ts'

/** A GIF in the making. */
export interface GifWriter {
  /** Appends a frame, shown for so many milliseconds (hundredths of a second are what a GIF knows). */
  add(frame: Pixels, milliseconds: number): void
  /** The file. */
  finish(): Uint8Array
}

/** Palette index of a pixel that stays as it was. */
const unchanged = 255

/**
 * Starts a GIF.
 * @param samples frames whose colors are to be found again as well as 255 colors can; all frames must have their size
 */
export function createGif(samples: readonly Pixels[]): GifWriter {
  const { GIFEncoder, quantize, applyPalette, snapColorsToPalette } = requireGifenc()
  const { width, height } = samples[0]
  const together = new Uint8Array(samples.length * width * height * 4)
  samples.forEach(({ data }, index) => { together.set(data, index * width * height * 4) })
  const palette = quantize(together, unchanged, { format: 'rgb565' })
  // The ground, on a page of its own color, must not differ from it.
  snapColorsToPalette(palette, [[255, 255, 255]])
  // Filled up, so that the index for unchanged pixels is one of the palette.
  while (palette.length <= unchanged) palette.push([0, 0, 0])
  const colors = palette.slice(0, unchanged)
  const encoder = GIFEncoder()
  let before: Uint8Array | null = null
  return {
    add: (frame, milliseconds) => {
      if (frame.width !== width || frame.height !== height) throw new RangeError(`a frame of ${frame.width} × ${frame.height} pixels in a GIF of ${width} × ${height}`)
      const indices = applyPalette(frame.data, colors, 'rgb565')
      if (before === null) encoder.writeFrame(indices, width, height, { palette, delay: milliseconds, dispose: 1 })
      else {
        const last = before
        encoder.writeFrame(indices.map((color, k) => (color === last[k] ? unchanged : color)), width, height, { delay: milliseconds, transparent: true, transparentIndex: unchanged, dispose: 1 })
      }
      before = indices
    },
    finish: () => {
      encoder.finish()
      return encoder.bytes()
    },
  }
}
