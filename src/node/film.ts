// A film as a file: a GIF, or a folder of PNG frames.
import { join } from 'node:path'
import { writeFileWhole, writeFolderWhole } from './files.ts'
import { createGif } from './gif.ts'
import { renderPixels, renderPng } from './render.ts'

/** How long frames of a GIF are shown, in milliseconds: the first and the last are held. */
const usual = 100
const firstHeld = 800
const lastHeld = 2500

/**
 * Writes frames, all of one size, as a GIF that appears whole or not at all.
 * @param frames standalone SVGs
 * @param onFrame told before each frame, from 1 on; may throw to stop
 */
export async function writeGif(frames: readonly string[], path: string, onFrame: (frame: number) => void): Promise<void> {
  const sampled = [...new Set([0, Math.floor(frames.length / 2), frames.length - 1])]
  const gif = createGif(await Promise.all(sampled.map((index) => renderPixels(frames[index], 1))))
  for (const [index, svg] of frames.entries()) {
    onFrame(index + 1)
    gif.add(await renderPixels(svg, 1), index === 0 ? firstHeld : index === frames.length - 1 ? lastHeld : usual)
  }
  await writeFileWhole(path, gif.finish())
}

/** Writes frames as `001.png` … into a folder that appears whole or not at all; sharp on a slide. */
export async function writePngFrames(frames: readonly string[], path: string, onFrame: (frame: number) => void): Promise<void> {
  const digits = Math.max(3, String(frames.length).length)
  await writeFolderWhole(path, async (folder) => {
    for (const [index, svg] of frames.entries()) {
      onFrame(index + 1)
      await writeFileWhole(join(folder, `${String(index + 1).padStart(digits, '0')}.png`), await renderPng(svg))
    }
  })
}
