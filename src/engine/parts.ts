// Rows computed in parts: of a usual network's layers so many rows stay in the cache from one operation to the next.
import type { Executable, Values } from './engine.ts'

const ROWS_AT_ONCE = 2048
/** Buffers of so many lengths (whole parts, the last part) are kept by each executable. */
const KEPT = 4

type Named = Readonly<Record<string, Values>>

/** What is to be computed: each row of the results from that row of the feeds. */
export interface RowWork {
  readonly rows: number
  /** Rows of a part; the last may have fewer. */
  readonly size: number
  readonly feeds: Named
  /** Overwritten, but for those that the program does not have. */
  readonly results: Named
}

/** Where vectorized loops end in the middle, the last numbers are rounded in another way. */
const VECTOR = 16

/** Parts of equal length, as a rule an even number of them; their ends depend on the rows alone, and so do the bits. */
export function partition(rows: number): { readonly size: number; readonly count: number } {
  const equal = Math.ceil(rows / (2 * Math.max(1, Math.ceil(rows / (2 * ROWS_AT_ONCE)))))
  const size = rows <= ROWS_AT_ONCE ? Math.max(1, rows) : VECTOR * Math.ceil(equal / VECTOR)
  return { size, count: Math.ceil(rows / size) }
}

/**
 * Runs an executable over parts of rows.
 * @returns what computes the parts whose numbers `take` gives until one is beyond the last, and calls `done` after each
 */
export function partRunner(executable: Executable): (work: RowWork, take: () => number, done?: () => void) => Promise<void> {
  // Fresh buffers for every part would keep the garbage collector busy. Those in use are not here.
  const idle: { readonly length: number; readonly feeds: Named; readonly results: Named }[] = []
  return async ({ rows, size, feeds, results }, take, done) => {
    for (let first = take() * size; first < rows; first = take() * size) {
      const length = Math.min(size, rows - first)
      const found = idle.findIndex((buffers) => buffers.length === length)
      const buffers = found === -1 ? { length, feeds: part(feeds, rows, length), results: part(results, rows, length) } : idle.splice(found, 1)[0]
      for (const [name, { data }] of Object.entries(feeds)) {
        const width = data.length / rows
        buffers.feeds[name].data.set(data.subarray(first * width, (first + length) * width))
      }
      const made = await executable.run(buffers.feeds, buffers.results)
      for (const [name, { data }] of Object.entries(results)) {
        if (made[name]) data.set(made[name].data, first * (data.length / rows))
      }
      idle.unshift(buffers)
      idle.length = Math.min(idle.length, KEPT)
      done?.()
    }
  }
}

function part(whole: Named, rows: number, length: number): Named {
  return Object.fromEntries(Object.entries(whole).map(([name, { shape, data }]) => [name, { shape: [length, ...shape.slice(1)], data: new Float64Array(length * (data.length / rows)) }]))
}

/**
 * An executable's `runRows` on the thread that asks.
 * @param size of the parts, where memory bounds it
 */
export function inParts(executable: Executable, size?: number): NonNullable<Executable['runRows']> {
  const run = partRunner(executable)
  return async (feeds, results) => {
    const [rows] = Object.values(results)[0].shape
    let next = 0
    await run({ rows, size: size ?? partition(rows).size, feeds, results }, () => next++)
  }
}
