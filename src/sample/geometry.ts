// Motion on products of real space and spheres: momenta along the spheres, and straight lines, which on a sphere are great circles
// (Byrne & Girolami 2013, section 4.1). Both keep volume and can be undone, so that what is built of them needs no other proof.
import type { Random } from '../base/random.ts'

/** Coordinates that lie on a sphere around zero. */
export interface SphereBlock {
  readonly positions: readonly number[]
  readonly radius: number
}

/** Standard normal momenta at the positions of all chains, [chains × d], along the spheres. */
export function drawMomenta(positions: Float64Array, d: number, spheres: readonly SphereBlock[], random: Random): Float64Array {
  const momenta = new Float64Array(positions.length)
  random.fillNormal(momenta)
  for (const { positions: own, radius } of spheres) {
    for (let start = 0; start < momenta.length; start += d) {
      let along = 0
      for (const j of own) along += positions[start + j] * momenta[start + j]
      along /= radius * radius
      for (const j of own) momenta[start + j] -= along * positions[start + j]
    }
  }
  return momenta
}

/** values += share · step · along, each chain with its own step; in place, [chains × d]. */
export function advance(values: Float64Array, along: Float64Array, stepSizes: Float64Array, share: number): void {
  const d = values.length / stepSizes.length
  for (let c = 0, k = 0; c < stepSizes.length; c++) {
    const factor = share * stepSizes[c]
    for (const end = k + d; k < end; k++) values[k] += factor * along[k]
  }
}

/** Moves the positions along their momenta, in place; on spheres momenta turn with them. */
export function drift(positions: Float64Array, momenta: Float64Array, stepSizes: Float64Array, spheres: readonly SphereBlock[]): void {
  if (spheres.length === 0) return advance(positions, momenta, stepSizes, 1)
  const d = momenta.length / stepSizes.length
  const curved = new Set(spheres.flatMap((sphere) => sphere.positions))
  const flat = Array.from({ length: d }, (_, j) => j).filter((j) => !curved.has(j))
  for (let c = 0; c < stepSizes.length; c++) {
    const start = c * d
    const step = stepSizes[c]
    for (const j of flat) positions[start + j] += step * momenta[start + j]
    for (const { positions: own, radius } of spheres) turn(positions, momenta, start, own, radius, step)
  }
}

function turn(positions: Float64Array, momenta: Float64Array, start: number, own: readonly number[], radius: number, step: number): void {
  let squares = 0
  for (const j of own) squares += momenta[start + j] * momenta[start + j]
  const speed = Math.sqrt(squares)
  if (!(speed > 0)) return
  const angle = (step * speed) / radius
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)]
  let length = 0
  for (const j of own) {
    const [x, v] = [positions[start + j], momenta[start + j]]
    positions[start + j] = x * cosine + (radius / speed) * v * sine
    momenta[start + j] = v * cosine - (speed / radius) * x * sine
    length += positions[start + j] ** 2
  }
  // Rounding would carry a long chain off the sphere.
  const back = radius / Math.sqrt(length)
  for (const j of own) positions[start + j] *= back
}

/** Points [n × d] moved to the spheres along their radii, in place; zero becomes a pole. */
export function ontoSpheres(points: Float64Array, d: number, spheres: readonly SphereBlock[]): Float64Array {
  for (const { positions: own, radius } of spheres) {
    for (let start = 0; start < points.length; start += d) {
      const length = Math.hypot(...own.map((j) => points[start + j]))
      if (length > 0) for (const j of own) points[start + j] *= radius / length
      else points[start + own[0]] = radius
    }
  }
  return points
}
