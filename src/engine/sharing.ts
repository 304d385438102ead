// An engine that prepares equal programs once: for work that runs the same graph over a sample and over all rows.
import type { Program } from '../compile/program.ts'
import type { Engine, Executable } from './engine.ts'

/** @returns the engine, and what frees all that it prepared; its executables free nothing themselves */
export function sharingEngine(engine: Engine): { engine: Engine; release(): Promise<void> } {
  const prepared = new Map<string, Promise<Executable>>()
  // Nodes are hash-consed: equal outputs are the same nodes, and nodes have numbers.
  const keyOf = ({ inputs, outputs, type }: Program): string => JSON.stringify([type, inputs.map(({ id }) => id), Object.entries(outputs).map(([name, { id }]) => [name, id])])
  return {
    engine: {
      name: engine.name,
      prepare: async (program) => {
        const key = keyOf(program)
        const executable = prepared.get(key) ?? engine.prepare(program)
        prepared.set(key, executable)
        const { run } = await executable
        return { run, release: async () => {} }
      },
    },
    release: async () => {
      for (const executable of prepared.values()) await (await executable).release()
    },
  }
}
