// Interactions of powers of positive columns, the a-b models (Yu, Drton & Shojaie 2022, eq. 2): square-root graphical models at
// a = b = ½ (Inouye, Ravikumar & Dhillon 2016), the truncated Gaussian at a = b = 1, the log-normal at a = b = 0.
import { UnnormError } from '../../base/errors.ts'
import type { Options } from '../../base/options.ts'
import { dot, log, quadraticForm } from '../expression.ts'
import type { Expression } from '../expression.ts'
import { defineModel } from '../model.ts'
import type { Model } from '../model.ts'
import { symmetric, vector } from '../parameters.ts'

/** The options a user of the command line sets. */
export const interactionOptions = {
  power: { type: 'numbers', minimum: 0, default: [0.5, 0.5], placeholder: 'A,B', sentence: 'Powers of the interaction model: a of its quadratic part, b of its linear one; 0 is the logarithm' },
} as const satisfies Options

export interface InteractionOptions {
  readonly power?: readonly number[]
}

/** log p = −(1/2a) (xᵃ)ᵀK xᵃ + (1/b) ηᵀxᵇ + constant on x > 0; for power 0 the logarithm, and one in place of 1/0. */
export function interaction({ power = interactionOptions.power.default }: InteractionOptions = {}): Model {
  const [a, b] = power
  if (power.length !== 2) throw new UnnormError('invalid-option', `invalid power: ${power.join(',')} (must be two numbers, a,b)`, 'usage')
  return defineModel<string>({
    name: 'interaction',
    formula: `−${quadraticWords(a)} + ${linearWords(b)}`,
    tex: `-${quadraticTex(a)} + ${linearTex(b)}`,
    domain: 'positive',
    parameters: (dimension) => ({ K: symmetric(dimension), eta: vector(dimension) }),
    logDensity: ({ K, eta }, x) => quadraticForm(K, raised(x, a)).mul(-0.5 / (a || 1)).add(dot(eta, raised(x, b)).div(b || 1)),
  })
}

const raised = (x: Expression, power: number): Expression => (power === 0 ? log(x) : power === 1 ? x : x.pow(power))

const factor = (power: number): string => (power === 0 || power === 1 ? '' : String(power))
const powerWords = (power: number): string => (power === 0 ? 'log x' : power === 1 ? 'x' : `x^${power}`)
const quadraticWords = (a: number): string => `(${factor(a) ? `1/(2·${factor(a)})` : '1/2'}) (${powerWords(a)})ᵀ K ${powerWords(a)}`
const linearWords = (b: number): string => `${factor(b) && `(1/${factor(b)}) `}ηᵀ ${powerWords(b)}`

const powerTex = (power: number): string => (power === 0 ? String.raw`\log x` : power === 1 ? 'x' : `x^{${power}}`)
const quadraticTex = (a: number): string => String.raw`\tfrac{1}{2${factor(a) && String.raw`\cdot ${factor(a)}`}} (${powerTex(a)})^\top K\, ${powerTex(a)}`
const linearTex = (b: number): string => `${factor(b) && String.raw`\tfrac{1}{${factor(b)}}\, `}\\eta^\\top ${powerTex(b)}`
