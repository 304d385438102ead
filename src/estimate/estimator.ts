// The estimator record: what is minimized, written once as a function on the graph of one row.
import type { Node } from '../graph/node.ts'
import type { Ladder, TracedModel } from '../model/model.ts'

/** How the noise x̃ = x + n is drawn: n = L z with z standard normal. */
export interface Noise {
  /** Lower-triangular L with L Lᵀ = C, row-major [d × d], in the units the objective is computed in. */
  readonly factor: Float64Array
  /** The same σ in every column and no correlation; undefined otherwise. */
  readonly isotropic: number | undefined
}

/** What is computed for one row; the objective is its mean over rows. */
export interface RowObjective {
  readonly value: Node
  /** Whether it is known to be convex in the parameters: then there is no lower minimum than one that is found. */
  readonly convex?: boolean
  /** The standard normal draw that each row needs, [d] or of two [2d], as an input node; none or one. */
  readonly draws: readonly Node[]
  /** A uniform draw in (0, 1), as an input node [], that picks each row's place on the ladder. */
  readonly level?: Node
}

/** What a network is trained with where the user says nothing. */
export interface TrainingDefaults {
  readonly steps: number
  /** Training rows below which there are fewer steps, in proportion, down to `LEAST_SHARE_OF_STEPS` of them. Left out: as many for any table. */
  readonly allStepsFrom?: number
  /** Rows in a step. */
  readonly batch: number
  /** Peak learning rate. */
  readonly learningRate: number
  /**
   * Weight decay times the number of training rows, for each column: like the precision of a Gaussian prior, its pull fades as rows
   * come in; and the more columns, the more of a network is free to fit what is only noise.
   */
  readonly decayTimesRows: number
}

/** The least share of the usual steps that a small table gets. */
export const LEAST_SHARE_OF_STEPS = 0.6

/** More would shrink the network to its base, however few the rows. */
export const LARGEST_DECAY = 0.4

/** A way to estimate a model. */
export interface Estimator {
  readonly name: string
  readonly sentence: string
  /** The objective in plain text, for terminals. */
  readonly formula: string
  /** The objective as TeX, for the report. */
  readonly tex: string
  /** Why the objective has no minimum, for estimators that are known to run off. */
  readonly unboundedBecause?: string
  /** Found by bench/quality.ts. */
  readonly training: TrainingDefaults
  /**
   * `continuous`: its objective holds on bounded and curved domains too; `discrete`: on binary domains alone; `any`: on all of them.
   * Left out: on ℝᵈ alone.
   */
  readonly domains?: 'any' | 'continuous' | 'discrete'
  /** Whether it fits all levels of a ladder, so that the model must use the noise level t. */
  readonly usesLadder?: true
  /** The objective of one row as a graph. */
  objective(model: TracedModel, noise: Noise | undefined, ladder?: Ladder): RowObjective
}
