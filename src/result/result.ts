// What a fit gives back.
import { UnnormError } from '../base/errors.ts'
import { multiply } from '../base/linear-algebra.ts'
import type { LadderMetadata, ModelMetadata } from '../compile/model-file.ts'
import type { Program } from '../compile/program.ts'
import type { LadderEnergy, RunningEnergy } from '../engine/energy.ts'
import type { TrainingState } from '../estimate/train.ts'
import type { Table } from '../data/table.ts'
import { isDiscrete } from '../model/domain.ts'
import type { PlacedDomain } from '../model/domain.ts'
import type { FitJson, MetricsRow } from '../report/fit-json.ts'
import type { ReportInput } from '../report/report-input.ts'
import { summarize } from '../report/summary.ts'
import type { SummaryOptions } from '../report/summary.ts'
import type { Goodness } from './assess.ts'
import type { Diagnosis } from './diagnose.ts'

/** What the report needs beside fit.json and the figures. */
export type ReportFacts = Omit<ReportInput, 'fit' | 'figures' | 'noMargins' | 'goodnessOfFit'>

/** A fitted model: numbers about it, and the energy to compute with. */
export interface FitResult {
  /** As written to fit.json. */
  readonly fit: FitJson
  readonly metrics: readonly MetricsRow[]
  readonly facts: ReportFacts
  /** The fitted energy, ready to compute. */
  readonly energy: RunningEnergy
  /** The energy of rows with the noise of the fit: `energy` itself, unless that noise was taken out of it. */
  readonly noisy: RunningEnergy
  /** The energies of all noise levels, where they were fitted. */
  readonly ladder: LadderEnergy | null
  /** Where the model lives, on the columns of the table. */
  readonly domain: PlacedDomain
  /** The rows as they were fitted: compositions and directions closed, if that was asked for. */
  readonly table: Table
  /** Covariance of the noise, row-major in the data's units squared; null without noise. */
  readonly noiseCovariance: Float64Array | null
  /** The program and metadata of `model.onnx`. */
  readonly modelFile: { readonly program: Program; readonly metadata: ModelMetadata }
  /** The same of `ladder.onnx`, which takes the noise level as a second input; null for a fit at one level. */
  readonly ladderFile: { readonly program: Program; readonly metadata: LadderMetadata } | null
  /** The same of `denoiser.onnx`, which gives the mean and covariance of clean rows given noisy ones; null for a fit without noise. */
  readonly denoiserFile: { readonly program: Program; readonly metadata: ModelMetadata } | null
  /** The objective at the estimate, for other rows: see `objectiveProgram`. */
  readonly objective: Program
  /** The last training state of a network; null for parametric fits. */
  readonly state: TrainingState | null
  /** Fitted parameters, packed: natural ones, or a network's weights. */
  readonly theta: Float64Array
  /** Whether the user stopped it. */
  readonly interrupted: boolean
  /** −energy − log Z of rows [n × d], or −energy where log Z is unknown. */
  logDensity(rows: Float64Array): Promise<Float64Array>
  /**
   * Scores ∇ₓ log p of rows [n × d].
   * @throws UnnormError `no-score` on a binary domain
   */
  score(rows: Float64Array): Promise<Float64Array>
  /** Tweedie–Miyasawa: E{x | x̃} = x̃ + Cφ(x̃) for noisy rows [n × d]; only for a fit by denoising. */
  denoise(rows: Float64Array): Promise<Float64Array>
  /** What the report looks at beyond these numbers; before `release`. */
  diagnose(): Promise<Diagnosis & { readonly goodnessOfFit: Goodness | null }>
  /** Frees what the engine holds. */
  release(): Promise<void>
  /** The summary a terminal shows. */
  summary(options?: SummaryOptions): string
}

/** x̃ + C φ(x̃), row by row. */
export function tweedie(rows: Float64Array, score: Float64Array, covariance: ArrayLike<number>, dimension: number): Float64Array {
  const shift = multiply(score, covariance, rows.length / dimension, dimension, dimension)
  return rows.map((value, k) => value + shift[k])
}

/** The methods of a result, from its parts. */
export function completeResult(parts: Omit<FitResult, 'logDensity' | 'score' | 'denoise' | 'release' | 'summary'>, releaseOthers: () => Promise<void>): FitResult {
  const { energy, noisy, fit, noiseCovariance } = parts
  const logNormalizer = fit.logNormalizer.value ?? 0
  return {
    ...parts,
    logDensity: async (rows) => (await energy.evaluate(rows)).energy.map((value) => -value - logNormalizer),
    score: async (rows) => {
      if (isDiscrete(parts.domain)) throw new UnnormError('no-score', `there is no score ∇ₓ log p on ${parts.domain.text}: nothing lies between two values (logDensity tells rows apart; conditionalLogOdds gives the odds of each value)`)
      return (await energy.evaluate(rows)).score
    },
    denoise: async (rows) => {
      if (!noiseCovariance) throw new Error('this fit learned no noise: fit it by denoising')
      return tweedie(rows, (await noisy.evaluate(rows)).score, noiseCovariance, fit.data.columns.length)
    },
    release: async () => {
      await energy.release()
      if (noisy !== energy) await noisy.release()
      await parts.ladder?.release()
      await releaseOthers()
    },
    summary: (options) => summarize(fit, options),
  }
}
