// Work on plain numbers that a fit can have done apart, as on another thread, while it goes on: what the baselines say of the rows,
// the kernel Stein test, and what the report shows of single columns. Together they take longer than a search for parameters.
import { createRandom } from '../base/random.ts'
import type { Table } from '../data/table.ts'
import type { RunningEnergy } from '../engine/energy.ts'
import { probabilityPlot } from '../evaluate/probability-plot.ts'
import type { ProbabilityPlot, ProbabilityPlotRequest } from '../evaluate/probability-plot.ts'
import { domain } from '../model/domain.ts'
import type { Margins } from '../report/landscape/margins.ts'
import { baselineDensities, fitBaselines, testScores } from './assess.ts'
import type { BaselineDensities, Goodness, ScoredRows } from './assess.ts'
import { columnDensities } from './column-densities.ts'

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

export interface ProbabilityPlotWork extends Omit<ProbabilityPlotRequest, 'random'> {
  readonly seed: number
}

export interface MarginsWork {
  readonly table: Table
  /** As it is written. */
  readonly domain: string
  /** The energy as an ONNX model, with its score where the domain is flat. */
  readonly model: Uint8Array
  readonly seed: number
}

/** What a place where tasks are done has. */
export interface Place {
  /** Runs an ONNX model with input `x`, output `energy` and perhaps `score`. */
  openEnergy(model: Uint8Array, columns: readonly string[]): Promise<RunningEnergy>
}

/** Each from what can be copied from thread to thread to such. */
export const tasks = {
  baselines: async ({ rows, weights, columns, domain: text, isQuick, unseen, areTraining, kernelRows }: BaselineWork): Promise<BaselineDensities> => (
    baselineDensities(fitBaselines(rows, domain(text).over(columns), weights, isQuick), unseen, columns.length, areTraining, kernelRows)
  ),
  goodness: ({ scored, seed }: GoodnessWork): Promise<Goodness | null> => testScores(scored, createRandom(seed).split('goodness of fit')),
  probabilities: async ({ seed, ...request }: ProbabilityPlotWork): Promise<ProbabilityPlot> => probabilityPlot({ ...request, random: createRandom(seed).split('diagnosis').split('probabilities') }),
  margins: async ({ table, domain: text, model, seed }: MarginsWork, { openEnergy }: Place): Promise<Margins> => {
    const energy = await openEnergy(model, table.columns)
    try {
      return await columnDensities(energy, table, domain(text).over(table.columns), seed)
    } finally {
      await energy.release()
    }
  },
}

type Tasks = typeof tasks
type Work<Name extends keyof Tasks> = Parameters<Tasks[Name]>[0]
type Found<Name extends keyof Tasks> = Awaited<ReturnType<Tasks[Name]>>

/** Does a task elsewhere. */
export type Apart = <Name extends keyof Tasks>(name: Name, work: Work<Name>) => Promise<Found<Name>>

/** Whether a task computes in ONNX Runtime, for which it takes a place. */
export const needsRuntime = (name: keyof Tasks): boolean => tasks[name].length > 1

/** Tasks that need nothing but their work. */
type Plain = { [Name in keyof Tasks]: Parameters<Tasks[Name]> extends [unknown] ? Name : never }[keyof Tasks]

/** Begins a task apart, and gives what waits for it; without a place to do it, it is done where it is waited for. */
export function begin<Name extends Plain>(apart: Apart | undefined, name: Name, work: Work<Name>): () => Promise<Found<Name>>
export function begin<Name extends keyof Tasks>(apart: Apart, name: Name, work: Work<Name>): () => Promise<Found<Name>>
export function begin<Name extends keyof Tasks>(apart: Apart | undefined, name: Name, work: Work<Name>): () => Promise<Found<Name>> {
  if (!apart) return () => (tasks[name] as (work: Work<Name>) => Promise<Found<Name>>)(work)
  const found = apart(name, work)
  // Whoever waits for it is told; nobody may.
  found.catch(() => undefined)
  return () => found
}
