// Adapting a step size to a wanted acceptance by dual averaging (Hoffman & Gelman 2014, §3.2, with their constants). Chains in
// lock-step share one step size, so that the acceptance of a step is a mean over many and little noise is left in it.

export interface StepSize {
  readonly log: number
  /** log ε₀·10: where the iterates shrink to. */
  readonly anchor: number
  /** Mean of wanted − found acceptance, weighted. */
  readonly error: number
  /** Mean of the logarithms, weighted towards the later ones: what is kept. */
  readonly average: number
  readonly count: number
}

const GAMMA = 0.05
const OFFSET = 10
const KAPPA = 0.75

export function startStepSize(initial: number): StepSize {
  return { log: Math.log(initial), anchor: Math.log(10 * initial), error: 0, average: 0, count: 0 }
}

/** @param acceptance mean over the chains of the acceptance of the last step */
export function adaptStepSize({ anchor, error, average, count }: StepSize, acceptance: number, wanted: number): StepSize {
  const next = count + 1
  const weight = 1 / (next + OFFSET)
  const nextError = (1 - weight) * error + weight * (wanted - acceptance)
  const log = anchor - Math.sqrt(next) / GAMMA * nextError
  const share = next ** -KAPPA
  return { log, anchor, error: nextError, average: share * log + (1 - share) * average, count: next }
}

/** The step size to go on with once it is no longer adapted. */
export const settledStepSize = ({ average, count, log }: StepSize): number => Math.exp(count > 0 ? average : log)
