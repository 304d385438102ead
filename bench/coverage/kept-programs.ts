// An engine that keeps what it prepared: thousands of fits of one traced model need each program once.
import type { Engine, Executable } from '../../src/engine/engine.ts'

/** Programs on one graph are told apart by their nodes, which are the same objects whenever they are built again. */
export function keptPrograms(engine: Engine): Engine & { releaseAll(): Promise<void> } {
  const kept = new Map<string, Promise<Executable>>()
  return {
    name: engine.name,
    prepare: async (program) => {
      const key = [program.name, ...program.inputs.map(({ id }) => id), ...Object.entries(program.outputs).map(([name, { id }]) => `${name} ${id}`)].join()
      const known = kept.get(key) ?? engine.prepare(program)
      kept.set(key, known)
      return { ...(await known), release: () => Promise.resolve() }
    },
    releaseAll: async () => {
      for (const executable of kept.values()) await (await executable).release()
    },
  }
}
