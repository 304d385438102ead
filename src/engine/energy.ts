// A fitted energy computed by an engine, many rows at once.
import { UnnormError } from '../base/errors.ts'
import type { Program } from '../compile/program.ts'
import type { Ladder } from '../model/model.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import type { Engine, Executable, Values } from './engine.ts'
import { inParts } from './parts.ts'

export interface RunningEnergy extends FittedEnergy {
  release(): Promise<void>
}

/** Prepares the program of a fitted energy (outputs `energy` and, but for binary columns, `score`). */
export async function runEnergy(program: Program, columns: readonly string[], engine: Engine): Promise<RunningEnergy> {
  const { energy, score } = program.outputs
  if (!score) return energyOf(await engine.prepare({ ...program, outputs: { energy } }), columns, undefined)
  return energyOf(await engine.prepare({ ...program, outputs: { energy, score } }), columns, () => engine.prepare({ ...program, outputs: { score } }))
}

/** A noise-conditional energy: that of the data with noise of any level. */
export interface LadderEnergy {
  readonly columns: readonly string[]
  readonly ladder: Ladder
  /** Standard deviation of the noise in each column at t = 1, in the data's units. */
  readonly deviations: ArrayLike<number>
  /** The energy of the data with noise of variance t·deviation² in each column. */
  at(t: number): FittedEnergy
  release(): Promise<void>
}

/** Prepares the program of a noise-conditional energy (inputs `x` and `t`, outputs `energy` and `score`). */
export async function runLadder(program: Program, about: Pick<LadderEnergy, 'columns' | 'ladder' | 'deviations'>, engine: Engine): Promise<LadderEnergy> {
  const { energy, score } = program.outputs
  return ladderOf(await engine.prepare({ ...program, outputs: { energy, score } }), about, () => engine.prepare({ ...program, outputs: { score } }))
}

/**
 * The energies that an executable with inputs `x` and `t` computes.
 * @param scoresAlone prepares an executable with the output `score` alone
 */
export function ladderOf(executable: Executable, about: Pick<LadderEnergy, 'columns' | 'ladder' | 'deviations'>, scoresAlone: () => Promise<Executable>): LadderEnergy {
  const { columns } = about
  const own = computing(executable, columns.length, scoresAlone)
  const at = (t: number, rows: Float64Array) => {
    const count = Math.floor(rows.length / columns.length)
    return { t: { shape: [count], data: new Float64Array(count).fill(t) } }
  }
  return {
    ...about,
    at: (t) => ({ columns, evaluate: (rows) => own.evaluate(rows, at(t, rows)), scores: (rows) => own.scores(rows, at(t, rows)) }),
    release: own.release,
  }
}

/**
 * The energy that an executable with input `x` and outputs `energy` and `score` computes.
 * @param scoresAlone prepares an executable with the output `score` alone; undefined where there is no `score`, scores are NaN then
 */
export function energyOf(executable: Executable, columns: readonly string[], scoresAlone: (() => Promise<Executable>) | undefined): RunningEnergy {
  const { evaluate, scores, release } = computing(executable, columns.length, scoresAlone)
  return { columns, evaluate: (rows) => evaluate(rows), ...(scoresAlone ? { scores: (rows) => scores(rows) } : {}), release }
}

type Others = Readonly<Record<string, Values>>

function computing(executable: Executable, d: number, scoresAlone: (() => Promise<Executable>) | undefined) {
  const compute = async (by: Executable, rows: Float64Array, others: Others, results: Others): Promise<void> => {
    if (released) throw new UnnormError('released', 'this model was released, so it computes no more (release it after its last use, or open it again)')
    if (rows.length % d !== 0) throw new UnnormError('bad-rows', `${rows.length} numbers are no rows of ${d} columns (give them row by row, ${d} for each)`)
    if (rows.length > 0) await (by.runRows ?? inParts(by))({ x: { shape: [rows.length / d, d], data: rows }, ...others }, results)
  }
  let alone: Promise<Executable> | undefined
  let released = false
  return {
    evaluate: async (rows: Float64Array, others: Others = {}): Promise<{ energy: Float64Array; score: Float64Array }> => {
      const count = Math.floor(rows.length / d)
      const energy = new Float64Array(count)
      const score = new Float64Array(count * d)
      if (!scoresAlone) score.fill(NaN)
      await compute(executable, rows, others, { energy: { shape: [count], data: energy }, ...(scoresAlone ? { score: { shape: [count, d], data: score } } : {}) })
      return { energy, score }
    },
    scores: async (rows: Float64Array, others: Others = {}): Promise<Float64Array> => {
      alone ??= scoresAlone!()
      const score = new Float64Array(rows.length)
      await compute(await alone, rows, others, { score: { shape: [rows.length / d, d], data: score } })
      return score
    },
    release: async (): Promise<void> => {
      if (released) return
      released = true
      await (await alone)?.release()
      await executable.release()
    },
  }
}
