// A fitted energy computed by an engine, many rows at once.
import type { Program } from '../compile/program.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import type { Engine, Executable } from './engine.ts'

/** Rows computed in one run: bounds the memory that a network's layers take. */
const CHUNK = 16_384

export interface RunningEnergy extends FittedEnergy {
  release(): Promise<void>
}

/** Prepares the program of a fitted energy (outputs `energy` and `score`). */
export async function runEnergy(program: Program, columns: readonly string[], engine: Engine): Promise<RunningEnergy> {
  const { energy, score } = program.outputs
  return energyOf(await engine.prepare({ ...program, outputs: { energy, score } }), columns)
}

/** The energy that an executable with input `x` and outputs `energy` and `score` computes. */
export function energyOf(executable: Executable, columns: readonly string[]): RunningEnergy {
  const d = columns.length
  return {
    columns,
    evaluate: async (rows) => {
      const count = rows.length / d
      const energy = new Float64Array(count)
      const score = new Float64Array(count * d)
      for (let start = 0; start < count; start += CHUNK) {
        const size = Math.min(CHUNK, count - start)
        const part = await executable.run({ x: { shape: [size, d], data: rows.subarray(start * d, (start + size) * d) } })
        energy.set(part.energy.data, start)
        score.set(part.score.data, start * d)
      }
      return { energy, score }
    },
    release: () => executable.release(),
  }
}
