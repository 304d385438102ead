// Adam as graph nodes (Kingma & Ba 2015, algorithm 1) with decoupled weight decay (Loshchilov & Hutter 2019), clipping of
// the gradient's norm and an exponential average of the weights: a whole training step is one program.
import type { Graph, Node } from '../graph/node.ts'
import { add, divide, mul, sqrt, square, subtract } from '../graph/ops/arithmetic.ts'
import { constant, input } from '../graph/ops/leaf.ts'
import { reshape, scale, sum } from '../graph/ops/linear.ts'
import { minimum } from '../graph/ops/piecewise.ts'
import { slice } from '../graph/ops/rearrange.ts'

export const FIRST_DECAY = 0.9
export const SECOND_DECAY = 0.999
const EPSILON = 1e-8

/** Numbers that change from step to step, in the order they stand in the `schedule` input. */
export const scheduleNames = ['perRow', 'learningRate', 'firstCorrection', 'secondCorrection', 'weightDecay', 'averaging', 'clip'] as const
export type Schedule = Readonly<Record<(typeof scheduleNames)[number], number>>

export interface OptimizerState {
  readonly theta: Node
  readonly firstMoment: Node
  readonly secondMoment: Node
  readonly average: Node
}

/**
 * One step.
 * @param gradientSum the gradient of the objective summed over the batch, [parameters]
 * @returns the new state and the mean gradient's norm before clipping
 */
export function adamStep(state: OptimizerState, gradientSum: Node, schedule: Node): OptimizerState & { readonly gradientNorm: Node } {
  const { graph } = gradientSum
  const number = Object.fromEntries(scheduleNames.map((name, k) => [name, reshape(slice(schedule, 0, k, 1), [])])) as Record<keyof Schedule, Node>
  const mean = mul(gradientSum, number.perRow)
  const gradientNorm = sqrt(sum(square(mean)))
  const clipped = mul(mean, minimum(constant(graph, 1), divide(number.clip, add(gradientNorm, constant(graph, 1e-30)))))
  const firstMoment = add(scale(state.firstMoment, FIRST_DECAY), scale(clipped, 1 - FIRST_DECAY))
  const secondMoment = add(scale(state.secondMoment, SECOND_DECAY), scale(square(clipped), 1 - SECOND_DECAY))
  const root = add(sqrt(mul(secondMoment, number.secondCorrection)), constant(graph, EPSILON))
  const direction = add(divide(mul(firstMoment, number.firstCorrection), root), mul(state.theta, number.weightDecay))
  const theta = subtract(state.theta, mul(direction, number.learningRate))
  const average = add(state.average, mul(subtract(theta, state.average), number.averaging))
  return { theta, firstMoment, secondMoment, average, gradientNorm }
}

/** The inputs of a step's state, each [parameters], and of its schedule. */
export function optimizerInputs(graph: Graph, theta: Node): { state: OptimizerState; schedule: Node } {
  const like = (name: string): Node => input(graph, name, theta.shape)
  return {
    state: { theta, firstMoment: like('firstMoment'), secondMoment: like('secondMoment'), average: like('average') },
    schedule: input(graph, 'schedule', [scheduleNames.length]),
  }
}

/** Learning rate at a step: a linear rise over the first twentieth, then half a cosine down to zero. */
export function learningRateAt(step: number, steps: number, peak: number): number {
  const warm = Math.max(1, Math.round(steps / 20))
  if (step < warm) return (peak * (step + 1)) / warm
  return peak * 0.5 * (1 + Math.cos((Math.PI * (step - warm)) / Math.max(1, steps - warm)))
}
