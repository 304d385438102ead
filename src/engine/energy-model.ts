// An energy from the bytes of an ONNX model, for threads that have no graph.
import { energyOf } from './energy.ts'
import type { RunningEnergy } from './energy.ts'
import { executableOf, openSession } from './onnx.ts'
import type { OnnxRuntime } from './onnx.ts'

/**
 * Opens a session, one-threaded.
 * @param model takes `x`, gives `energy` and perhaps `score`
 */
export async function openEnergyModel(runtime: OnnxRuntime, model: Uint8Array, columns: readonly string[]): Promise<RunningEnergy> {
  const session = await openSession(runtime, model, { threads: 1 })
  const { outputNames } = session
  const scores = { ...executableOf(runtime, session, ['score']), release: async () => {} }
  return energyOf(executableOf(runtime, session, outputNames), columns, outputNames.includes('score') ? async () => scores : undefined)
}
