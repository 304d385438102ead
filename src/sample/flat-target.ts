// The coordinates of a target that lie on no sphere, with those that do held where they are.
import type { Random } from '../base/random.ts'
import { someColumns } from '../data/domain-rows.ts'
import { ontoSpheres } from './geometry.ts'
import type { Target } from './target.ts'

export interface FlatTarget {
  readonly target: Target
  /** Points [n × k] with the coordinates that are held, [n × d]. */
  whole(points: Float64Array): Float64Array
}

/** The target itself where it has no spheres; null where it has nothing else. */
export function flatTarget(target: Target, random: Random): FlatTarget | null {
  const { dimension: d, spheres = [] } = target
  if (spheres.length === 0) return { target, whole: (points) => points }
  const curved = new Set(spheres.flatMap(({ positions }) => positions))
  const flat = Array.from({ length: d }, (_, j) => j).filter((j) => !curved.has(j))
  if (flat.length === 0) return null
  const held = new Float64Array(d)
  random.fillNormal(held)
  ontoSpheres(held, d, spheres)
  const size = flat.length
  const whole = (points: Float64Array): Float64Array => {
    const all = Float64Array.from({ length: points.length / size * d }, (_, e) => held[e % d])
    points.forEach((value, e) => { all[Math.floor(e / size) * d + flat[e % size]] = value })
    return all
  }
  return {
    whole,
    target: {
      dimension: size,
      evaluate: async (points) => {
        const { energy, score } = await target.evaluate(whole(points))
        return { energy, score: someColumns(score, d, flat) }
      },
    },
  }
}
