// Packages that are CommonJS, loaded by `require`: `import()` would first parse each of their files for its exports' names,
// which for DuckDB's binding takes longer than loading it (a tenth of a second at the start of every command).
import { createRequire } from 'node:module'
import type * as DuckDb from '@duckdb/node-api'
import type * as Resvg from '@resvg/resvg-js'
import type * as Gifenc from 'gifenc'
import type * as OnnxRuntime from 'onnxruntime-node'

const requireFrom = createRequire(import.meta.url)

/**
 * ONNX Runtime reports to its makers, and leaves logs in the folder for temporary files, unless told not to before it is loaded.
 * Nothing of a fit leaves the machine. To be called on the main thread before another one loads it: the environment of others is a copy.
 */
export function keepRuntimeQuiet(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= '1'
}

export const requireDuckDb = () => requireFrom('@duckdb/node-api') as typeof DuckDb
export function requireOnnxRuntime() {
  keepRuntimeQuiet()
  return requireFrom('onnxruntime-node') as typeof OnnxRuntime
}
export const requireResvg = () => requireFrom('@resvg/resvg-js') as typeof Resvg
export const requireGifenc = () => requireFrom('gifenc') as typeof Gifenc
