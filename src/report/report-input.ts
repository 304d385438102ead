// All that the HTML report is made of; the pipeline fills it, and what it leaves null is said to be unknown or left out.
import type { GoodnessOfFit } from '../evaluate/goodness-of-fit.ts'
import type { FitJson } from './fit-json.ts'
import type { DrawnFigure } from './figure.ts'

/** A figure of the report. */
export interface ReportFigure {
  /** As in the figure's record: `density-and-score`, `training-curve`, `parameters`, or one that was added. */
  readonly name: string
  readonly sentence: string
  readonly drawn: DrawnFigure
}

/** How well noisy rows are restored: mean squared errors, summed over the columns. */
export interface DenoiserNumbers {
  readonly units: 'data' | 'standardized'
  /** mean ‖x − x̂(x̃)‖². */
  readonly reconstructionError: number
  /** Of `reconstructionError`, over the rows. */
  readonly standardError?: number
  /** tr C − mean ‖Cφ(x̃)‖² with the model's own φ: the error that the model expects, see `evaluate/reconstruction.ts`. */
  readonly floor: number | null
  /** Mean of error − expected error over the same rows. */
  readonly aboveFloor?: { readonly value: number; readonly standardError: number }
  /** mean ‖x − x̃‖²: the noise itself. */
  readonly withoutDenoising: number | null
}

/** What the report shows. */
export interface ReportInput {
  readonly fit: FitJson
  readonly figures: readonly ReportFigure[]
  /** The log-density as TeX, where the model has it. */
  readonly modelTex: string | null
  /** The objective that was minimized, as TeX, and a sentence that explains it. */
  readonly objective: { readonly tex: string; readonly sentence: string } | null
  /** Standard deviation of each column of the data, in its units. */
  readonly columnScales: readonly number[] | null
  /** Why this noise level: the sentence of the rule that chose it, or null when the user gave it. */
  readonly noiseReason: string | null
  readonly denoiser: DenoiserNumbers | null
  /** Why the density of each column is not shown: a subordinate clause; null where it is, or where there is nothing to show. */
  readonly noMargins: string | null
  readonly goodnessOfFit: Pick<GoodnessOfFit, 'test' | 'statistic' | 'pValue'> | null
}
