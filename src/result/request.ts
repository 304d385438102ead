// What a fit is asked for, and what it needs of the world around it.
import type { Engine } from '../engine/engine.ts'
import type { TrainingState } from '../estimate/train.ts'
import type { Apart } from './apart.ts'
import type { FitOptions } from './fit-options.ts'
import type { NoiseSetting } from './noise.ts'
import type { FitResult } from './result.ts'

/** What a fit needs of the world around it. */
export interface FitEnvironment {
  readonly engine: Engine
  /** Milliseconds of a steady clock. */
  readonly now: () => number
  readonly signal?: AbortSignal
  /** Does what needs only numbers while the fit goes on; without it such work is done in its turn. */
  readonly apart?: Apart
  onProgress?(update: { step: number; steps: number | null; objective: number | null; heldOutObjective: number | null }): void
  onPhase?(text: string): void
  /** Called with the estimated model as soon as its log Z is known, which is before the rest is found out about it. */
  onModel?(file: FitResult['modelFile']): Promise<void>
  saveCheckpoint?(state: TrainingState): Promise<void>
  /** Milliseconds between checkpoints. */
  readonly checkpointInterval?: number
}

/** What a fit is asked for beside its options. */
export interface FitRequest extends FitOptions {
  /** The noise of denoising; chosen from the data when left out. */
  readonly noise?: NoiseSetting
  /** Continue from this training state. */
  readonly resume?: TrainingState
  /** Start a network from these weights, a search for parameters from these values (NaN: where the model starts by itself). */
  readonly initial?: ArrayLike<number>
  /** How the report says to reproduce the fit. */
  readonly command?: string
  /** The run folder, for fit.json. */
  readonly out?: string
}
