// Smooth maps between real space and the sphere: the smallest, with a seam where it is cut open, and one without a seam, which has a
// coordinate more.
import { normalQuantile } from '../../base/normal-distribution.ts'
import type { OpenCoordinates } from './part.ts'

/**
 * From ℝᵖ⁻¹: z_p = tanh u₁, of what is left z_{p−1} = tanh u₂ times its length …, at last an angle 2π/(1 + e⁻ᵘ) − π. All directions but
 * the poles and a half-circle between them; for integrals, which such a set does not change.
 */
export function cutSphere(p: number): OpenCoordinates {
  const turns = p - 2
  return {
    size: p - 1,
    toPart: (u, z) => {
      let [length, logVolume] = [1, 0]
      for (let i = 0; i < turns; i++) {
        z[p - 1 - i] = length * Math.tanh(u[i])
        length /= Math.cosh(u[i])
        logVolume -= (p - 1 - i) * logCosh(u[i])
      }
      const angle = (2 * Math.PI) / (1 + Math.exp(-u[turns])) - Math.PI
      z[0] = length * Math.cos(angle)
      z[1] = length * Math.sin(angle)
      // The logistic slope σ(1 − σ) is 1/(4 cosh²(u/2)).
      return logVolume + Math.log(Math.PI / 2) - 2 * logCosh(u[turns] / 2)
    },
    fromPart: (z, u) => {
      let squares = z[0] ** 2 + z[1] ** 2
      const share = (Math.atan2(z[1], z[0]) + Math.PI) / (2 * Math.PI)
      u[turns] = Math.log(share) - Math.log1p(-share)
      for (let i = turns - 1; i >= 0; i--) {
        u[i] = Math.asinh(z[p - 1 - i] / Math.sqrt(squares))
        squares += z[p - 1 - i] ** 2
      }
    },
    pullBack: (u, z, score, out) => {
      // Along u of a turn its own coordinate rises and all before it shrink.
      let inner = score[0] * z[0] + score[1] * z[1]
      const half = Math.tanh(u[turns] / 2)
      out[turns] = (score[1] * z[0] - score[0] * z[1]) * (Math.PI / 2) * (1 - half * half) - half
      for (let i = turns - 1; i >= 0; i--) {
        const j = p - 1 - i
        const [sine, cosine] = [Math.tanh(u[i]), 1 / Math.cosh(u[i])]
        // z_j = length · tanh u, so that its slope is length / cosh² u; the length is what is left of 1 above it.
        let length = 1
        for (let k = 0; k < i; k++) length /= Math.cosh(u[k])
        out[i] = score[j] * length * cosine * cosine - sine * inner - j * sine
        inner += score[j] * z[j]
      }
    },
  }
}

/** log cosh without overflow. */
const logCosh = (u: number): number => Math.abs(u) + Math.log1p(Math.exp(-2 * Math.abs(u))) - Math.LN2

/**
 * From ℝᵖ: z = u/‖u‖, the length log-normal about 1 and independent of z. The density of u is smooth everywhere, zero with all
 * derivatives at the origin; its spread is that of a Gaussian's length. For whatever moves or draws: there is no seam to get stuck at.
 */
export function radialSphere(p: number): OpenCoordinates {
  const variance = 1 / (2 * (p + 2))
  const constant = -0.5 * Math.log(2 * Math.PI * variance)
  const lengthOf = (u: ArrayLike<number>): number => {
    let squares = 0
    for (let k = 0; k < p; k++) squares += u[k] * u[k]
    return Math.sqrt(squares)
  }
  return {
    size: p,
    toPart: (u, z) => {
      const length = lengthOf(u)
      for (let k = 0; k < p; k++) z[k] = u[k] / length
      const log = Math.log(length)
      return constant - (log * log) / (2 * variance) - p * log
    },
    fromPart: (z, u, share = 0.5) => {
      const length = Math.exp(Math.sqrt(variance) * normalQuantile(share))
      for (let k = 0; k < p; k++) u[k] = length * z[k]
    },
    pullBack: (u, z, score, out) => {
      const length = lengthOf(u)
      const along = dot(z, score, p) + Math.log(length) / variance + p
      for (let k = 0; k < p; k++) out[k] = (score[k] - along * z[k]) / length
    },
  }
}

/** Unit vectors as they are, with scores along the sphere. */
export const unitVectors = (p: number): OpenCoordinates => ({
  size: p,
  toPart: (u, z) => {
    for (let k = 0; k < p; k++) z[k] = u[k]
    return 0
  },
  fromPart: (z, u) => { for (let k = 0; k < p; k++) u[k] = z[k] },
  pullBack: (_u, z, score, out) => {
    const along = dot(z, score, p)
    for (let k = 0; k < p; k++) out[k] = score[k] - along * z[k]
  },
})

function dot(a: ArrayLike<number>, b: ArrayLike<number>, count: number): number {
  let sum = 0
  for (let k = 0; k < count; k++) sum += a[k] * b[k]
  return sum
}
