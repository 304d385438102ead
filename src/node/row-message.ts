// What the threads of the row pool are told, and the three counters they share with whoever asked.
import type { RowWork } from '../engine/parts.ts'

export type RowMessage =
  | { readonly kind: 'open'; readonly id: string; readonly model: Uint8Array; readonly outputs: readonly string[] }
  | { readonly kind: 'close'; readonly id: string }
  /** Feeds and results lie in shared memory, as `control` does. */
  | { readonly kind: 'run'; readonly id: string; readonly work: RowWork; readonly control: Int32Array }

/** Places in `control`: the next part to take; how many are finished; whether a thread failed. */
export const [NEXT, FINISHED, FAILED] = [0, 1, 2]
