// What runs on the second thread, see `apart.ts`.
import { parentPort, workerData } from 'node:worker_threads'
import { openEnergyModel } from '../engine/energy-model.ts'
import type { OnnxRuntime } from '../engine/onnx.ts'
import { needsRuntime, tasks } from '../result/apart.ts'
import type { Place } from '../result/apart.ts'
import type { Answer, Question } from './apart.ts'
import { insideRuntime } from './inside.ts'
import { requireOnnxRuntime } from './require.ts'

const { inside } = insideRuntime(workerData as Int32Array)
// Loaded at once: the first work comes only when the rows are read.
const runtime = inside(() => requireOnnxRuntime() as unknown as OnnxRuntime)
const place: Place = { openEnergy: async (model, columns) => openEnergyModel(await runtime, model, columns) }

parentPort!.on('message', async ({ id, name, work }: Question) => {
  const task = (): Promise<unknown> => (tasks[name] as (work: unknown, place: Place) => Promise<unknown>)(work, place)
  const answer = await (needsRuntime(name) ? inside(task) : task()).then((value): Answer => ({ id, value }), (error: unknown): Answer => ({ id, error }))
  parentPort!.postMessage(answer)
})
