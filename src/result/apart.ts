// Work on plain numbers that a fit can have done apart, as on another thread, while it goes on: what the baselines say of the rows, and
// the kernel Stein test. Both take about as long as a search for parameters.
import { createRandom } from '../base/random.ts'
import { domain } from '../model/domain.ts'
import { baselineDensities, fitBaselines, testScores } from './assess.ts'
import type { BaselineDensities, Goodness, ScoredRows } from './assess.ts'

export interface BaselineWork {
  /** Rows that the baselines are fitted to, [n × d], and their weights. */
  readonly rows: Float64Array
  readonly weights: Float64Array | undefined
  readonly columns: readonly string[]
  /** As it is written. */
  readonly domain: string
  readonly isQuick: boolean
  /** Rows that they are evaluated on, see `baselineDensities`. */
  readonly unseen: Float64Array
  readonly areTraining: boolean
  readonly kernelRows: number
}

export interface GoodnessWork {
  readonly scored: ScoredRows
  readonly seed: number
}

/** Each from what can be copied from thread to thread to such. */
export const tasks = {
  baselines: async ({ rows, weights, columns, domain: text, isQuick, unseen, areTraining, kernelRows }: BaselineWork): Promise<BaselineDensities> => (
    baselineDensities(fitBaselines(rows, domain(text).over(columns), weights, isQuick), unseen, columns.length, areTraining, kernelRows)
  ),
  goodness: ({ scored, seed }: GoodnessWork): Promise<Goodness | null> => testScores(scored, createRandom(seed).split('goodness of fit')),
}

type Tasks = typeof tasks
type Work<Name extends keyof Tasks> = Parameters<Tasks[Name]>[0]
type Found<Name extends keyof Tasks> = Awaited<ReturnType<Tasks[Name]>>

/** Does a task elsewhere. */
export type Apart = <Name extends keyof Tasks>(name: Name, work: Work<Name>) => Promise<Found<Name>>

/** Begins a task apart, and gives what waits for it; without a place to do it, it is done where it is waited for. */
export function begin<Name extends keyof Tasks>(apart: Apart | undefined, name: Name, work: Work<Name>): () => Promise<Found<Name>> {
  if (!apart) return () => (tasks[name] as (work: Work<Name>) => Promise<Found<Name>>)(work)
  const found = apart(name, work)
  // Whoever waits for it is told; nobody may.
  found.catch(() => undefined)
  return () => found
}
