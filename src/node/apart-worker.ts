// What runs on the second thread, see `apart.ts`.
import { parentPort } from 'node:worker_threads'
import { tasks } from '../result/apart.ts'
import type { Answer, Question } from './apart.ts'

parentPort!.on('message', async ({ id, name, work }: Question) => {
  const answer = await (tasks[name] as (work: unknown) => Promise<unknown>)(work).then((value): Answer => ({ id, value }), (error: unknown): Answer => ({ id, error }))
  parentPort!.postMessage(answer)
})
