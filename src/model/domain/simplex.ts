// Compositions: parts that are not negative and sum to one. The base measure is Lebesgue's in all parts but the last.
//
// Score matching of z = √x on the sphere (Scealy & Wood 2023; Mardia, Kent & Laha 2016), written in x: there the sphere's metric is
// W = 4h (diag(x) − x xᵀ), and the square roots are gone. The objective differs from that of z by what no parameter changes.
import type { Node } from '../../graph/node.ts'
import { add, mul, subtract } from '../../graph/ops/arithmetic.ts'
import { fill, scale, sum } from '../../graph/ops/linear.ts'
import type { Boundary } from './boundary-weight.ts'
import type { Metric, OpenCoordinates, Part, Side, Way } from './part.ts'

/** Sums of rounded parts may be off by this much. */
const SUM_TOLERANCE = 1e-6

/** @param names of the columns, as a user writes them */
export function simplex(names: readonly string[], columns: readonly number[], coordinates: readonly number[]): Part {
  const size = names.length
  return {
    kind: 'simplex',
    text: `simplex(${names.join(', ')})`,
    columns, coordinates, intervals: names.map(() => ({ lower: 0, upper: 1, lowerClosed: true, upperClosed: true })), lebesgue: columns.slice(0, -1), angles: undefined, encoding: undefined,
    outside: (values) => {
      const negative = names.findIndex((_, k) => !(values[k] >= 0))
      if (negative >= 0) return `${names[negative]} is ${values[negative]}`
      const off = total(values, size) - 1
      return Math.abs(off) <= SUM_TOLERANCE ? undefined : `the parts sum to ${Number((1 + off).toPrecision(10))}, ${off > 0 ? 'more than 1' : 'less than 1'} by ${Number(Math.abs(off).toPrecision(2))}`
    },
    close: (values) => {
      const sum = total(values, size)
      return sum > 0 && Number.isFinite(sum) ? Array.from({ length: size }, (_, k) => values[k] / sum) : undefined
    },
    metric,
    // Along the plane of compositions: the gradient less its mean.
    tangential: (gradient) => subtract(gradient, scale(sum(gradient), 1 / size)),
    open: openSimplex(size),
    ways: names.map((_, k) => wayOf(k, size)),
    sides: names.map((name, k) => sideOf(name, k)),
  }
}

const total = (values: ArrayLike<number>, size: number): number => {
  let sum = 0
  for (let k = 0; k < size; k++) sum += values[k]
  return sum
}

function sideOf(name: string, k: number): Side {
  return {
    text: `${name} = 0`, coordinate: k,
    distance: (point) => point[k],
    approach: (point, distance) => Float64Array.from(point, (value, j) => (j === k ? distance : value * (1 - distance) / (1 - point[k]))),
  }
}

/** A part from 0 to 1 as sin² s, the others in proportion: the density of a part given the proportions of the rest has (1 − x)ᵖ⁻² dx. */
const wayOf = (k: number, size: number): Way => ({
  interval: [0, Math.PI / 2],
  value: (s) => Math.sin(s) ** 2,
  slope: (s) => Math.sin(2 * s),
  at: (values) => Math.asin(Math.sqrt(Math.min(Math.max(values[k], 0), 1))),
  move: (values, s) => {
    const rest = total(values, size) - values[k]
    const left = Math.cos(s) ** 2
    const moved: number[] = []
    for (let j = 0; j < size; j++) moved.push(j === k ? Math.sin(s) ** 2 : left * values[j] / rest)
    return moved
  },
  logMeasure: (s) => (2 * size - 3) * Math.log(Math.cos(s)) + Math.log(2 * Math.sin(s)),
})

/** W = 4h (diag(x) − x xᵀ); its divergence 4h (1 − p x) + 4 (x ∘ ∇h − x xᵀ∇h), p parts. */
function metric(x: Node, { weight }: Boundary): Metric {
  const [size] = x.shape
  const { of } = weight.simplex
  const { value, gradient } = of?.(x) ?? { value: fill(x.graph, 1, []), gradient: undefined }
  const radial = scale(value, 4)
  const plain = mul(radial, subtract(fill(x.graph, 1, [size]), scale(x, size)))
  const divergence = gradient ? add(plain, scale(mul(x, subtract(gradient, sum(mul(x, gradient)))), 4)) : plain
  return { diagonal: mul(radial, x), radial, divergence }
}

/** x = softmax(u, 0): the additive logistic map, |dx/du| = Π x. */
function openSimplex(size: number): OpenCoordinates {
  return {
    size: size - 1,
    toPart: (u, x) => {
      let most = 0
      for (let k = 0; k < size - 1; k++) most = Math.max(most, u[k])
      let sum = 0
      for (let k = 0; k < size; k++) sum += x[k] = Math.exp((k < size - 1 ? u[k] : 0) - most)
      let logVolume = -size * Math.log(sum)
      for (let k = 0; k < size; k++) {
        logVolume += (k < size - 1 ? u[k] : 0) - most
        x[k] /= sum
      }
      return logVolume
    },
    fromPart: (x, u) => { for (let k = 0; k < size - 1; k++) u[k] = Math.log(x[k] / x[size - 1]) },
    pullBack: (_u, x, score, out) => {
      let along = 0
      for (let k = 0; k < size; k++) along += x[k] * score[k]
      for (let k = 0; k < size - 1; k++) out[k] = x[k] * (score[k] - along) + 1 - size * x[k]
    },
  }
}
