// Every op there is, collected from the family files: an op exported there is covered by the contract suite unasked.
import type { Op } from '../node.ts'
import * as arithmetic from './arithmetic.ts'
import * as compound from './compound.ts'
import * as contract from './contract.ts'
import * as exponential from './exponential.ts'
import * as hyperbolic from './hyperbolic.ts'
import * as leaf from './leaf.ts'
import * as linear from './linear.ts'
import * as piecewise from './piecewise.ts'
import * as rearrange from './rearrange.ts'
import * as sigmoidal from './sigmoidal.ts'
import * as special from './special.ts'
import * as trigonometric from './trigonometric.ts'

const families = { leaf, linear, rearrange, contract, arithmetic, exponential, hyperbolic, sigmoidal, trigonometric, special, piecewise, compound }

const isOp = (value: unknown): value is Op => typeof value === 'object' && value !== null && 'reverse' in value && 'samples' in value
const opOf = (value: unknown): Op | undefined => {
  if (isOp(value)) return value
  return typeof value === 'function' && 'op' in value && isOp(value.op) ? value.op : undefined
}

/** Every op with the family file it stands in. */
export function allOps(): readonly { readonly family: string; readonly op: Op }[] {
  const found = new Map<Op, string>()
  for (const [family, exported] of Object.entries(families)) {
    for (const value of Object.values(exported)) {
      const op = opOf(value)
      if (op && !found.has(op)) found.set(op, family)
    }
  }
  return [...found].map(([op, family]) => ({ family, op }))
}
