// Scores as arrows: uphill in the picture, their lengths compressed so that none reaches its neighbor or hides the data.

/** An arrow in the units of the axes: it starts at (x, y) and ends at (x + dx, y + dy). */
export interface Arrow {
  readonly x: number
  readonly y: number
  readonly dx: number
  readonly dy: number
}

/** Widths of the frame along its two axes. */
type Widths = readonly [number, number]

/**
 * Arrows from points along the score.
 *
 * In the picture the frame is a square of side 1, u = x / width, and the uphill direction of the drawn density is
 * ∇_u log p = width · φ: perpendicular to the contours as drawn, whatever the columns' units. (It is also where
 * denoising moves a point when the noise is in proportion to the frame.) With equal units on both axes it is φ itself.
 * An arrow of steepness s = ‖∇_u log p‖ has length `longest` · s / (s + halfLengthAt):
 * increasing in s, never longer than `longest`.
 * @param points where they start: [n × 2], in the units of the axes
 * @param scores φ at the points: [n × 2]; arrows of scores that are not finite are left out
 * @param widths of the frame, in the units of the axes
 * @param longest bound of the length, as a share of the frame
 * @param halfLengthAt steepness of an arrow half as long, > 0
 */
export function scoreArrows(points: Float64Array, scores: Float64Array, widths: Widths, longest: number, halfLengthAt: number): readonly Arrow[] {
  const slopes = steepness(scores, widths)
  const arrows: Arrow[] = []
  slopes.forEach((size, index) => {
    if (!Number.isFinite(size)) return
    const factor = longest / (size + halfLengthAt)
    arrows.push({
      x: points[2 * index], y: points[2 * index + 1],
      dx: scores[2 * index] * widths[0] * widths[0] * factor,
      dy: scores[2 * index + 1] * widths[1] * widths[1] * factor,
    })
  })
  return arrows
}

/** The median of ‖∇_u log p‖ over points, a natural `halfLengthAt` where they are the rows; 1 when none is finite and positive. */
export function medianSteepness(scores: Float64Array, widths: Widths): number {
  const sorted = steepness(scores, widths).filter((value) => Number.isFinite(value)).sort()
  const middle = sorted[Math.floor(sorted.length / 2)]
  return middle > 0 ? middle : 1
}

function steepness(scores: Float64Array, widths: Widths): Float64Array {
  return Float64Array.from({ length: scores.length / 2 }, (_, index) => Math.hypot(scores[2 * index] * widths[0], scores[2 * index + 1] * widths[1]))
}
