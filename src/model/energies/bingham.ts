// The Bingham distribution of axes (Mardia & Jupp 2000, §9.4).
import { domain } from '../domain.ts'
import { quadraticForm } from '../expression.ts'
import { defineModel } from '../model.ts'
import type { Model, Reported } from '../model.ts'
import { traceless } from '../parameters.ts'

/** The last element of A, which trace A = 0 determines. */
export const lastElement: Reported = {
  names: (dimension) => [`A[${dimension},${dimension}]`],
  values: ({ A }, dimension) => {
    let [trace, at] = [0, 0]
    // Row i of the packed matrix starts at its diagonal.
    for (let i = 0; i < dimension - 1; i++) {
      trace += A[at]
      at += dimension - i
    }
    return [-trace]
  },
}

/** log p = zᵀA z + constant on unit vectors, trace A = 0: a trace would add a constant. */
export const bingham: Model = defineModel({
  name: 'bingham',
  formula: 'zᵀ A z, trace A = 0, ‖z‖ = 1',
  domain: domain('sphere'),
  parameters: (dimension) => ({ A: traceless(dimension) }),
  logDensity: ({ A }, z) => quadraticForm(A, z),
  reported: lastElement,
})
