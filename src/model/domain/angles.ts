// Angles in degrees as unit vectors.
//
// One angle: (cos a, sin a). Two, the first around and the second up or down from the plane of the first two axes:
// (cos b cos a, cos b sin a, sin b). With declination and inclination the axes point north, east and down; with longitude and
// latitude to longitude 0 and 90 on the equator and to the north pole.
import type { Node } from '../../graph/node.ts'
import { mul } from '../../graph/ops/arithmetic.ts'
import { reshape, scale } from '../../graph/ops/linear.ts'
import { concat, slice } from '../../graph/ops/rearrange.ts'
import { cos, sin } from '../../graph/ops/trigonometric.ts'
import type { Angles, Way } from './part.ts'

const DEGREE = Math.PI / 180
/** Of the angle around. */
const turning = (z: ArrayLike<number>, v: ArrayLike<number>): number => (z[0] * v[1] - z[1] * v[0]) / (z[0] * z[0] + z[1] * z[1]) / DEGREE
/** Angles around are told from 0 to 360; where the rows of a fit lie in another turn, draws are moved to it (`intoTurns`). */
const around = (radians: number): number => (radians < 0 ? radians + 2 * Math.PI : radians) / DEGREE

export const circleAngle: Angles = {
  toPoint: (angles) => {
    const a = scale(angles, DEGREE)
    return concat([cos(a), sin(a)], 0)
  },
  pointOf: (angles) => [Math.cos(angles[0] * DEGREE), Math.sin(angles[0] * DEGREE)],
  columnsOf: (z) => [around(Math.atan2(z[1], z[0]))],
  scoreOf: (angles, score) => [-Math.sin(angles[0] * DEGREE) * score[0] / DEGREE, Math.cos(angles[0] * DEGREE) * score[0] / DEGREE],
  velocityOf: (z, v) => [turning(z, v)],
  logArea: () => Math.log(DEGREE),
}

export const sphereAngles: Angles = {
  toPoint: (angles) => {
    const [a, b]: Node[] = [0, 1].map((k) => scale(reshape(slice(angles, 0, k, 1), [1]), DEGREE))
    return concat([mul(cos(b), cos(a)), mul(cos(b), sin(a)), sin(b)], 0)
  },
  pointOf: (angles) => {
    const [a, b] = [angles[0] * DEGREE, angles[1] * DEGREE]
    return [Math.cos(b) * Math.cos(a), Math.cos(b) * Math.sin(a), Math.sin(b)]
  },
  columnsOf: (z) => [around(Math.atan2(z[1], z[0])), Math.atan2(z[2], Math.hypot(z[0], z[1])) / DEGREE],
  scoreOf: (angles, score) => {
    const [a, b] = [angles[0] * DEGREE, angles[1] * DEGREE]
    const [around, up] = [score[0] / (DEGREE * Math.cos(b)), score[1] / DEGREE]
    return [-Math.sin(a) * around - Math.sin(b) * Math.cos(a) * up, Math.cos(a) * around - Math.sin(b) * Math.sin(a) * up, Math.cos(b) * up]
  },
  velocityOf: (z, v) => [turning(z, v), v[2] / Math.hypot(z[0], z[1]) / DEGREE],
  logArea: (angles) => 2 * Math.log(DEGREE) + Math.log(Math.cos(angles[1] * DEGREE)),
}

/** The ways of one angle around, and of another up or down. */
export const waysOfAngles = (count: number): Way[] => [[-180, 180] as const, [-90, 90] as const].slice(0, count).map((interval, k): Way => ({
  interval,
  value: (s) => s,
  slope: () => 1,
  at: (values) => values[k],
  isClosed: k === 0,
  move: (values, s) => Array.from(values, (value, j) => (j === k ? s : value)),
  logMeasure: (s) => (k === 0 ? 0 : Math.log(Math.cos(s * DEGREE))),
}))
