// Energies that stop at the signal of the command: long work asks for energies again and again, whoever does it.
import { UnnormError } from '../base/errors.ts'
import type { LadderEnergy } from '../engine/energy.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'

/**
 * @param left what the work leaves behind
 * @throws UnnormError `interrupted`
 */
export function refuseIfStopped(signal: AbortSignal, left = 'nothing was written'): void {
  if (signal.aborted) throw new UnnormError('interrupted', left)
}

/** The energy, which throws `interrupted` once the signal has come. */
export function stoppable<E extends FittedEnergy>(energy: E, signal: AbortSignal): E {
  const { scores } = energy
  return {
    ...energy,
    evaluate: (rows) => {
      refuseIfStopped(signal)
      return energy.evaluate(rows)
    },
    ...(scores ? {
      scores: (rows: Float64Array) => {
        refuseIfStopped(signal)
        return scores(rows)
      },
    } : {}),
  }
}

/** The same of all noise levels. */
export const stoppableLadder = (ladder: LadderEnergy, signal: AbortSignal): LadderEnergy => ({ ...ladder, at: (t) => stoppable(ladder.at(t), signal) })
