// Marks made of one path each, however many points or arrows they hold: small files, quickly drawn.
import type * as Plot from '@observablehq/plot'
import type { Arrow } from '../landscape/score-arrows.ts'

interface Pen {
  setAttribute(name: string, value: string): void
}
interface PenMaker {
  createElementNS(namespace: string, name: string): Pen
}
type Scale = (value: number) => number

/** Above so many dots they are drawn in layers, so that overlapping dots look denser than single ones. */
const oneLayer = 400
const layers = 6

/** Size and opacity of dots by their number. */
export function dotStyle(count: number): { readonly radius: number; readonly opacity: number } {
  return { radius: count <= 200 ? 2.6 : count <= 800 ? 2.1 : 1.6, opacity: count <= 400 ? 0.75 : 0.5 }
}

/** Round dots of one size at (x, y) pairs: [n × 2], row-major. */
export function dotsMark(points: Float64Array, radius: number, color: string, opacity: number): readonly Plot.Markish[] {
  const count = points.length > 2 * oneLayer ? layers : 1
  return Array.from({ length: count }, (_, layer) => pathMark('rows', (x, y) => {
    const parts: string[] = []
    // A line of no length with a round cap is a dot; ten characters instead of an element.
    for (let index = 2 * layer; index < points.length; index += 2 * count) parts.push(`M${tenth(x(points[index]))} ${tenth(y(points[index + 1]))}h0`)
    return parts.join('')
  }, { stroke: color, 'stroke-width': String(2 * radius), 'stroke-linecap': 'round', 'stroke-opacity': String(opacity), fill: 'none' }))
}

/** Rings of a contour mark as they cross the frame, open where the frame cuts them: its edge is no place of equal density. */
export const openAtFrame: Plot.RenderFunction = (index, scales, values, dimensions, context, next) => {
  const { width, height, marginLeft, marginRight, marginTop, marginBottom } = dimensions
  const sides = [[marginLeft, width - marginRight], [marginTop, height - marginBottom]]
  const channels = values as unknown as { readonly geometry: readonly { readonly coordinates: readonly (readonly Ring[])[] }[] }
  const geometry = channels.geometry.map(({ coordinates }) => ({ type: 'MultiLineString', coordinates: coordinates.flat().flatMap((ring) => openRing(ring, sides)) }))
  return next?.(index, scales, { ...values, geometry } as unknown as Plot.ChannelValues, dimensions, context) ?? null
}

type Point = readonly [number, number]
/** A closed ring: its first point is its last. */
type Ring = readonly Point[]

/** The pieces of a ring inside a box of [from, to] by axis. Its points on the box's sides are those at which it was closed along them. */
export function openRing(ring: Ring, sides: readonly (readonly number[])[]): Ring[] {
  const touched = (point: Point): number => sides.findIndex((ends, axis) => ends.some((end) => Math.abs(point[axis] - end) < 1e-6))
  const start = ring.findIndex((point) => touched(point) !== -1)
  if (start === -1) return [ring]
  const turned = [...ring.slice(start, -1), ...ring.slice(0, start + 1)]
  /** From the last point inside straight to the side. */
  const exit = (point: Point, side: Point): Point => (touched(side) === 0 ? [side[0], point[1]] : [point[0], side[1]])
  const pieces: Point[][] = []
  turned.forEach((point, index) => {
    const before = turned[index - 1]
    if (touched(point) === -1) {
      if (touched(before) !== -1) pieces.push([exit(point, before)])
      pieces[pieces.length - 1].push(point)
    } else if (before !== undefined && touched(before) === -1) pieces[pieces.length - 1].push(exit(before, point))
  })
  return pieces
}

/** Arrows with heads that shrink with their length; an arrow shorter than a pixel is only its shaft. */
export function arrowsMark(arrows: readonly Arrow[], color: string, width: number, opacity = 1): Plot.Markish {
  return pathMark('score', (x, y) => arrows.map((arrow) => {
    const [x1, y1, x2, y2] = [x(arrow.x), y(arrow.y), x(arrow.x + arrow.dx), y(arrow.y + arrow.dy)]
    const length = Math.hypot(x2 - x1, y2 - y1)
    const shaft = `M${tenth(x1)} ${tenth(y1)}L${tenth(x2)} ${tenth(y2)}`
    if (length < 1) return shaft
    const head = Math.min(4.2, 0.45 * length)
    const angle = Math.atan2(y2 - y1, x2 - x1)
    const wing = (turn: number): string => `${tenth(x2 - head * Math.cos(angle + turn))} ${tenth(y2 - head * Math.sin(angle + turn))}`
    return `${shaft}M${wing(0.5)}L${tenth(x2)} ${tenth(y2)}L${wing(-0.5)}`
  }).join(''), { stroke: color, 'stroke-width': String(width), 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'stroke-opacity': String(opacity), fill: 'none' })
}

function pathMark(label: string, shape: (x: Scale, y: Scale) => string, attributes: Readonly<Record<string, string>>): Plot.Markish {
  const render = (_index: unknown, scales: unknown, _values: unknown, _dimensions: unknown, context: unknown): Pen => {
    const { x, y } = scales as { x: Scale; y: Scale }
    const path = (context as { document: PenMaker }).document.createElementNS('http://www.w3.org/2000/svg', 'path')
    path.setAttribute('aria-label', label)
    for (const [name, value] of Object.entries(attributes)) path.setAttribute(name, value)
    path.setAttribute('d', shape(x, y))
    return path
  }
  return render as unknown as Plot.Markish
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}
