// A fitted energy computed by an engine, many rows at once.
import type { Program } from '../compile/program.ts'
import type { Ladder } from '../model/model.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import type { Engine, Executable } from './engine.ts'

/** Rows computed in one run: of a usual network's layers so many stay in the cache of two cores from one operation to the next. */
const CHUNK = 2048

export interface RunningEnergy extends FittedEnergy {
  release(): Promise<void>
}

/** Prepares the program of a fitted energy (outputs `energy` and, but for binary columns, `score`). */
export async function runEnergy(program: Program, columns: readonly string[], engine: Engine): Promise<RunningEnergy> {
  const { log_density: _known, ...outputs } = program.outputs
  return energyOf(await engine.prepare({ ...program, outputs }), columns)
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
  return ladderOf(await engine.prepare({ ...program, outputs: { energy, score } }), about)
}

/** The energies that an executable with inputs `x` and `t` computes. */
export function ladderOf(executable: Executable, about: Pick<LadderEnergy, 'columns' | 'ladder' | 'deviations'>): LadderEnergy {
  return {
    ...about,
    at: (t) => energyOf({ ...executable, run: (feeds) => executable.run({ ...feeds, t: { shape: [feeds.x.shape[0]], data: new Float64Array(feeds.x.shape[0]).fill(t) } }) }, about.columns),
    release: () => executable.release(),
  }
}

/** The energy that an executable with input `x` and outputs `energy` and `score` computes; without the latter scores are NaN. */
export function energyOf(executable: Executable, columns: readonly string[]): RunningEnergy {
  const d = columns.length
  return {
    columns,
    evaluate: async (rows) => {
      const count = rows.length / d
      const energy = new Float64Array(count)
      const score = new Float64Array(count * d).fill(NaN)
      for (let start = 0; start < count; start += CHUNK) {
        const size = Math.min(CHUNK, count - start)
        const part = await executable.run({ x: { shape: [size, d], data: rows.subarray(start * d, (start + size) * d) } })
        energy.set(part.energy.data, start)
        if (part.score) score.set(part.score.data, start * d)
      }
      return { energy, score }
    },
    release: () => executable.release(),
  }
}
