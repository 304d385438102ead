// The contract of `fit.json` (format unnorm.fit/1). Numbers that are unknown are null, never invented.
import type { Warning } from '../base/errors.ts'
import type { BootstrapEstimate } from '../estimate/bootstrap-errors.ts'
import type { ParametricStop } from '../estimate/parametric.ts'
import type { PerBaseline } from '../evaluate/baselines/baseline.ts'
import type { LadderCalibration } from '../evaluate/ladder-calibration.ts'
import type { MeanWithError } from '../evaluate/mean-with-error.ts'
import type { ModeWeights } from '../evaluate/mode-weights.ts'
import type { NoiseCorrection } from '../evaluate/noise-correction.ts'
import type { GoodnessOfFit } from '../evaluate/goodness-of-fit.ts'
import type { Aspect } from '../evaluate/stein-residuals.ts'
import type { TrainingResult } from '../estimate/train.ts'
import type { WaldTest } from '../estimate/wald.ts'
import type { ParameterEstimate } from '../estimate/uncertainty.ts'

export type { ParameterEstimate } from '../estimate/uncertainty.ts'

/** Why a fit ended: of parametric models, and of networks. */
export type FitStop = ParametricStop | TrainingResult['stopped']

/** A residual of Stein's identity, see `evaluate/stein-residuals.ts`. */
export interface Residual {
  readonly aspect: Aspect
  /** One column, or two for dependence. */
  readonly columns: readonly string[]
  readonly value: number
  readonly standardError: number
  /** Null where the fit itself makes the residual zero. */
  readonly z: number | null
}

export interface FitJson {
  readonly format: 'unnorm.fit/1'
  readonly unnorm: string
  /** The command that reproduces the fit. */
  readonly command: string
  readonly seed: number
  readonly out: string | null
  readonly data: {
    readonly source: string
    readonly rows: number
    readonly rowsUsed: number
    readonly columns: readonly string[]
    readonly columnsLeftOut: readonly string[]
    /** The column of the rows' weights, where they have some. */
    readonly weights?: string
    /** The column that says which rows belong together, and how many clusters there are. */
    readonly cluster?: string
    readonly clusters?: number
  }
  readonly model: {
    readonly name: string
    /** The unnormalized log-density in words a person reads. */
    readonly logDensity: string
    readonly domain: string
    readonly parameterCount: number
    /** What the model was fixed to before its parameters were estimated, as the inducing points of a kernel model. */
    readonly details?: Readonly<Record<string, unknown>>
  }
  readonly estimator: {
    readonly name: string
    readonly route: 'closed-form' | 'newton' | 'lbfgs' | 'adam'
    /** Standard deviation of the noise per column, in the data's units. */
    readonly noise: readonly number[] | null
    /** How that noise was taken out again, so that energy, log Z and log-likelihood are those of rows without it; null where it was not. */
    readonly noiseCorrection: NoiseCorrection | null
    /** Of score matching where the domain ends, as a user would write it; null where it does not end, absent in runs of older versions. */
    readonly boundaryWeight?: string | null
    readonly stopped: FitStop
  }
  /** Absent for networks. */
  readonly parameters?: readonly ParameterEstimate[]
  /** What `--derive` asks for. */
  readonly derived: readonly ParameterEstimate[]
  readonly parameterCovariance?: readonly (readonly (number | null)[])[] | null
  /** Of `--test`, in its order. */
  readonly tests?: readonly WaldTest[]
  /** Of `--bootstrap`: errors and percentile intervals, in the order of `parameters`; null where no parameters were estimated. */
  readonly bootstrap?: { readonly replicates: number; readonly failed: number; readonly seed: number; readonly parameters: readonly BootstrapEstimate[] } | null
  readonly level: number
  readonly objective: {
    readonly train: number | null
    readonly heldOut: number | null
    readonly heldOutStandardError: number | null
    readonly units: 'data' | 'standardized'
  }
  readonly logNormalizer: { readonly value: number | null; readonly standardError: number | null; readonly method: string | null }
  readonly logLikelihood: {
    readonly train: number | null
    readonly heldOut: number | null
    readonly standardError: number | null
    /** `gaussianMixture` and `independent` (of binary columns) are absent from runs that were written before there was one. */
    readonly baselines: Omit<PerBaseline<number | null>, 'gaussianMixture' | 'independent'> & { readonly gaussianMixture?: number | null; readonly independent?: number | null }
    /** Model less baseline on the same rows, with the error of the paired difference; absent from older runs. */
    readonly differences?: Partial<PerBaseline<MeanWithError | null>>
  }
  /** Where the density misses the rows; absent for networks, fits with noise, and older runs. */
  readonly residuals?: readonly Residual[]
  /** Of the rows that the fit has not seen, or else of its own; null where there is no test. In run folders, not in a result; absent from older runs. */
  readonly goodnessOfFit?: Pick<GoodnessOfFit, 'test' | 'statistic' | 'pValue'> | null
  /** Of networks; null where they were not found. Absent from other fits and from older runs. */
  readonly modes?: FitModes | null
  /** How well each noise level of a fit at many levels fits its held-out rows; null where these are too few, absent from other fits and older runs. */
  readonly ladderCalibration?: LadderCalibration | null
  readonly timing: { readonly seconds: number; readonly stepsPerSecond: number | null }
  readonly warnings: readonly Warning[]
}

/** The separate peaks of a density and how much of it lies around each. */
export interface FitModes {
  readonly method: ModeWeights['method']
  /** Share of the draws that count, of `importance`. */
  readonly effectiveShare: number | null
  /** False where the objective hardly sees the weights: rows in separated clusters, fitted at one noise level or by the score alone. */
  readonly identified: boolean
  /** Heaviest first. */
  readonly list: readonly FitMode[]
}

export interface FitMode {
  /** Where it is highest, one number a column, in the data's units. */
  readonly peak: readonly number[]
  /** ∫ p over its basin; the error is of the integral alone. */
  readonly weight: number
  readonly standardError: number
  /** Of the training rows, those in its basin, and what chance makes of that. */
  readonly rowsShare: number
  readonly rowsShareError: number
}

/** One line of metrics.csv. */
export interface MetricsRow {
  readonly step: number
  readonly objective: number
  readonly heldOutObjective: number | null
  readonly seconds: number
}
