// The parts of gifenc that are used: the package has no types of its own.
declare module 'gifenc' {
  interface FrameOptions {
    /** Of the first frame: that of all without one. */
    palette?: number[][]
    /** Milliseconds. */
    delay: number
    /** 1: what was drawn stays. */
    dispose: number
    transparent?: boolean
    transparentIndex?: number
  }
  export function GIFEncoder(): {
    writeFrame(indices: Uint8Array, width: number, height: number, options: FrameOptions): void
    finish(): void
    bytes(): Uint8Array
  }
  export function quantize(rgba: Uint8Array, colors: number, options: { format: 'rgb565' }): number[][]
  /** Puts colors into a palette in place of near ones. */
  export function snapColorsToPalette(palette: number[][], colors: number[][]): void
  /** The palette's index of each pixel. */
  export function applyPalette(rgba: Uint8Array, palette: number[][], format: 'rgb565'): Uint8Array
}
