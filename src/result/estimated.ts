// What the two ways of fitting (a network by minibatches, a parametric model over all rows) take and give.
import type { Warning } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import type { Split } from '../data/split.ts'
import type { Scale } from '../data/standardize.ts'
import type { Table } from '../data/table.ts'
import type { Derived } from '../estimate/derived.ts'
import type { Estimator, RowObjective } from '../estimate/estimator.ts'
import type { Sensitivity } from '../estimate/sensitivity.ts'
import type { TrainingState } from '../estimate/train.ts'
import type { TracedModel } from '../model/model.ts'
import type { FitJson, FitStop, MetricsRow, ParameterEstimate } from '../report/fit-json.ts'
import type { KnownLogNormalizer } from './assess.ts'
import type { FitOptionValues } from './fit-options.ts'
import type { ResolvedNoise } from './noise.ts'
import type { FitEnvironment, FitRequest } from './request.ts'

export interface FitContext {
  readonly traced: TracedModel
  readonly estimator: Estimator
  /** What the estimator minimizes, for this model. */
  readonly objective: RowObjective
  readonly noise: ResolvedNoise | undefined
  /** What is to be computed from the parameters. */
  readonly derived: Derived | undefined
  readonly table: Table
  readonly scale: Scale
  readonly split: Split
  readonly random: Random
  readonly options: FitOptionValues
  readonly request: FitRequest
  readonly environment: FitEnvironment
}

export interface Estimated {
  readonly theta: Float64Array
  readonly route: FitJson['estimator']['route']
  readonly stopped: FitStop
  readonly objective: { readonly train: number | null; readonly heldOut: number | null; readonly heldOutStandardError: number | null }
  readonly parameters?: readonly ParameterEstimate[]
  readonly derived?: readonly ParameterEstimate[]
  readonly parameterCovariance?: readonly (readonly (number | null)[])[] | null
  readonly tests?: FitJson['tests']
  /** Where one was asked for; null: there was nothing to repeat. */
  readonly bootstrap?: FitJson['bootstrap']
  /** How the estimate hangs on its rows; null for networks, fits with noise, and where there is no estimate. */
  readonly sensitivity: Sensitivity | null
  /** log Z where the family knows it; undefined: look for it. */
  readonly logNormalizer?: KnownLogNormalizer
  /** False where exp(−E) is known not to be integrable. */
  readonly integrable: boolean
  readonly stepsPerSecond: number | null
  readonly metrics: readonly MetricsRow[]
  readonly state: TrainingState | null
  readonly warnings: readonly Warning[]
}
