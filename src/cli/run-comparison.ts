// What can be said of runs against each other: the rows they share, and their objectives and log-likelihoods row by row.
import { counted } from '../base/counted.ts'
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import { createRandom } from '../base/random.ts'
import type { Split } from '../data/split.ts'
import { someRows } from '../data/spread-rows.ts'
import type { Table } from '../data/table.ts'
import { weightingOf } from '../estimate/weighting.ts'
import { meanWithError, pairedDifference } from '../evaluate/mean-with-error.ts'
import type { MeanWithError } from '../evaluate/mean-with-error.ts'
import { openModel } from '../node/open-model.ts'
import type { Checkpoint } from '../node/checkpoint.ts'
import type { FitJson } from '../report/fit-json.ts'
import { splitOfFit } from '../result/held-out.ts'
import { objectiveOfRows } from './row-objective.ts'
import { trainingTable } from './run-data.ts'

/** One run on the rows that all of them share. */
export interface ComparedRun {
  readonly run: string
  readonly model: string
  readonly estimator: string
  readonly parameterCount: number
  /** Mean per row, in the units of the fit; null where the run did not keep it. */
  readonly objective: MeanWithError | null
  /** Mean per row, in nats; null where log Z is unknown. */
  readonly logLikelihood: MeanWithError | null
  /** This run less the first, with the error of the paired difference; null for the first, and where they cannot be compared. */
  readonly difference: { readonly objective: MeanWithError | null; readonly logLikelihood: MeanWithError | null } | null
}

export interface Comparison {
  readonly rows: number
  readonly rowsAre: 'held-out' | 'all'
  readonly runs: readonly ComparedRun[]
  readonly warnings: readonly Warning[]
}

interface ReadRun {
  readonly run: string
  readonly table: Table
  readonly checkpoint: Checkpoint
  readonly split: Split
}

/**
 * Compares runs with the first of them.
 * @throws UnnormError `different-rows` with the reason, `no-training-data`, those of opening a run
 */
export async function compareRuns(folders: readonly string[], threads: number | undefined): Promise<Comparison> {
  const read: ReadRun[] = []
  for (const run of folders) {
    const { table, checkpoint } = await trainingTable(run)
    const { seed = 0, holdout } = checkpoint.request.fit
    const other: ReadRun = { run, table, checkpoint, split: splitOfFit(table.rows, { seed, holdout }, checkpoint.state !== null) }
    if (read.length > 0) refuseOtherRows(read[0], other)
    read.push(other)
  }
  const [{ table, split }] = read
  const holdsOut = split.heldOutCount > 0
  const count = holdsOut ? split.heldOutCount : table.rows
  const place = holdsOut ? (k: number) => split.heldOutRow(k) : (k: number) => k
  const rows = holdsOut ? someRows(table.values, table.columns.length, { count, row: place }) : table.values
  const weighting = weightingOf(table, count, place)
  const warnings: Warning[] = []
  if (!holdsOut) warnings.push({ code: 'training-rows', message: `these are all ${counted(count, 'row')}, which the runs were fitted to: there a model with more parameters looks better than it is (fit with --holdout 0.2 to compare on rows that none has seen)` })
  const looked = []
  for (const { run } of read) looked.push(await look(run, rows, threads))
  const [first] = looked
  const runs = looked.map((one, k): ComparedRun => {
    const why = k === 0 ? null : otherObjective(first.fit, one.fit)
    if (why !== null) warnings.push({ code: 'other-objective', message: `the objectives of ${folders[0]} and ${folders[k]} cannot be compared: ${why}` })
    return {
      run: folders[k], model: one.fit.model.name, estimator: one.fit.estimator.name, parameterCount: one.fit.model.parameterCount,
      objective: one.objective && meanWithError(one.objective, weighting),
      logLikelihood: one.logDensity && withNormalizer(meanWithError(one.logDensity, weighting), [one.fit]),
      difference: k === 0 ? null : {
        objective: why === null && first.objective && one.objective ? pairedDifference(one.objective, first.objective, weighting) : null,
        logLikelihood: first.logDensity && one.logDensity ? withNormalizer(pairedDifference(one.logDensity, first.logDensity, weighting), [first.fit, one.fit]) : null,
      },
    }
  })
  return { rows: count, rowsAre: holdsOut ? 'held-out' : 'all', runs, warnings }
}

/** A run's objective and log-density of each row, null where unknown. */
async function look(run: string, rows: Float64Array, threads: number | undefined) {
  const opened = await openModel(run, threads === undefined ? {} : { threads })
  try {
    const fit = opened.fit!
    const objective = await objectiveOfRows(opened, rows, threads, createRandom(0).split('compare'))
    const { value } = fit.logNormalizer
    const logDensity = value === null ? null : (await opened.energy.evaluate(rows)).energy.map((energy) => -energy - value)
    return { fit, objective, logDensity }
  } finally {
    await opened.energy.release()
  }
}

/** Rows are the same for all means; what is uncertain beside them is log Z of each. */
const withNormalizer = ({ value, standardError }: MeanWithError, fits: readonly FitJson[]): MeanWithError =>
  ({ value, standardError: Math.hypot(standardError, ...fits.map(({ logNormalizer }) => logNormalizer.standardError ?? 0)) })

/** @throws UnnormError `different-rows` */
function refuseOtherRows(first: ReadRun, other: ReadRun): void {
  const refuse = (why: string): UnnormError => new UnnormError('different-rows', `cannot compare ${first.run} and ${other.run}: ${why}`)
  const [a, b] = [first.table, other.table]
  if (a.columns.join('\0') !== b.columns.join('\0')) throw refuse(`their columns differ, ${a.columns.join(', ')} and ${b.columns.join(', ')}`)
  if (a.rows !== b.rows) throw refuse(`they were fitted to ${counted(a.rows, 'row')} and to ${b.rows}`)
  if (a.weights?.column !== b.weights?.column) throw refuse(`their rows count differently, by ${a.weights?.column ?? 'no weights'} and by ${b.weights?.column ?? 'no weights'}`)
  if (a.clusters?.column !== b.clusters?.column) throw refuse(`their rows belong together differently, by ${a.clusters?.column ?? 'no cluster'} and by ${b.clusters?.column ?? 'no cluster'} (fit both with the same --cluster)`)
  if (first.checkpoint.dataFingerprint !== other.checkpoint.dataFingerprint) {
    const row = firstDifference(a, b)
    throw refuse(row < 0 ? 'their weights or clusters differ' : `their rows differ, first at row ${row + 1}`)
  }
  if (first.split.heldOutCount !== other.split.heldOutCount) throw refuse(`they hold out ${first.split.heldOutCount} and ${other.split.heldOutCount} rows (fit both with the same --holdout)`)
  const { heldOutCount } = first.split
  for (let k = 0; k < heldOutCount; k++) {
    if (first.split.heldOutRow(k) !== other.split.heldOutRow(k)) throw refuse('they hold out different rows (fit both with the same --seed)')
  }
}

function firstDifference({ values, columns }: Table, other: Table): number {
  for (let e = 0; e < values.length; e++) if (values[e] !== other.values[e]) return Math.floor(e / columns.length)
  return -1
}

/** Why two objectives are not of one kind; null where they are. */
function otherObjective(first: FitJson, other: FitJson): string | null {
  const [a, b] = [first, other]
  if (a.estimator.name !== b.estimator.name) return `one is that of ${a.estimator.name}, the other of ${b.estimator.name}`
  if (a.objective.units !== b.objective.units) return `one is in units of ${a.objective.units} columns, the other of ${b.objective.units}`
  const noise = ({ estimator }: FitJson): string => estimator.noise?.map((value) => Number(value.toPrecision(6))).join(', ') ?? 'none'
  if (noise(a) !== noise(b)) return `their noise differs, ${noise(a)} and ${noise(b)}`
  if (a.model.domain !== b.model.domain) return `one is on ${a.model.domain}, the other on ${b.model.domain}`
  const weight = ({ estimator }: FitJson): string => estimator.boundaryWeight ?? 'none'
  if (weight(a) !== weight(b)) return `their boundary weights differ, ${weight(a)} and ${weight(b)} (fit both with the same --boundary-weight)`
  return null
}
