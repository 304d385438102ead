// Jacobians and Laplacians.
//
// For y = f(u) the second derivative of y along a direction is f′(u)·(that of u) + C, where the curvature C = f″·u̇² needs
// only first-order tangents. Summed over an orthonormal set of directions this gives the Laplacian in two ways:
//   forward Laplacian (Li et al. 2024, "A computational framework for neural network-based variational Monte Carlo with
//   forward Laplacian"): carry (value, Jacobian, Laplacian) from x to the output;
//   weighted by adjoints: Δy = Σ over nodes v of ⟨∂y/∂v, ΣC_v⟩, which needs no Laplacian of inner nodes and shares its
//   adjoints with the score. Both use the same curvature, derived from each op's forward rule.
import { dependents, sameShape, sizeOf, topological } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { add, mul } from '../graph/ops/arithmetic.ts'
import { constant, input } from '../graph/ops/leaf.ts'
import { contractAxes } from '../graph/ops/contract.ts'
import { coefficient, fill, reshape, scale, sum } from '../graph/ops/linear.ts'
import { slice } from '../graph/ops/rearrange.ts'
import { directional, tangents, total } from './forward.ts'
import { adjoints, elementsUsed, gradient } from './reverse.ts'
import { substitute } from './substitute.ts'
import { vectorized } from './vectorize.ts'

/** All unit directions of a node's elements: [count, ...shape], the identity. */
function unitDirections(x: Node): Node {
  const count = sizeOf(x.shape)
  const data = new Float64Array(count * count)
  for (let k = 0; k < count; k++) data[k * count + k] = 1
  return constant(x.graph, data, [count, ...x.shape])
}

/** A leaf that stands for one direction in the shape of x. */
function directionOf(x: Node): Node {
  return input(x.graph, `direction of ${x.id}`, x.shape)
}

/** ∂output/∂x as a node of shape [elements of x, ...output's shape]. */
export function jacobian(outputs: readonly Node[], x: Node): Node[] {
  const direction = directionOf(x)
  const along = directional(outputs, new Map([[x, direction]]))
  const all = vectorized(along, new Map([[direction, unitDirections(x)]]), sizeOf(x.shape))
  return along.map((node) => all.get(node) ?? fill(node.graph, 0, [sizeOf(x.shape), ...node.shape]))
}

/** Σ over the leading (direction) axis, each direction with its weight or 1, taken as early as the products inside allow. */
function sumDirections(node: Node | undefined, weights: Node | undefined): Node | undefined {
  if (!node || !weights) return node && sum(node, [0])
  const [factor, rest] = coefficient(node)
  if (factor !== 1) return scale(sumDirections(rest, weights)!, factor)
  // What is the same for all directions, as the slopes of an op done to each element, need not be summed.
  if (node.op === mul.op) {
    const [a, b] = node.inputs
    const isSame = (x: Node): boolean => x.shape.length < node.shape.length || x.shape[0] === 1
    const isWhole = (x: Node): boolean => sameShape(x.shape, node.shape)
    const [same, whole] = isSame(a) && isWhole(b) ? [a, b] : isSame(b) && isWhole(a) ? [b, a] : []
    if (same && whole) return mul(same.shape.length < node.shape.length ? same : reshape(same, same.shape.slice(1)), sumDirections(whole, weights)!)
  }
  return contractAxes(weights, node, [0], [0])
}

/**
 * The second-order part of one op: how its output's second derivative along a direction depends on the first-order
 * tangents of its inputs. Undefined where the op is linear in what moves.
 */
function curvature(node: Node, inputTangents: readonly (Node | undefined)[]): Node | undefined {
  // Worked out on fresh leaves in place of the inputs, so that nothing behind the inputs is differentiated again.
  const { graph } = node
  const points = node.inputs.map((value, k) => input(graph, `point ${k} of ${node.id}`, value.shape))
  const moves = node.inputs.map((value, k) => (inputTangents[k] ? input(graph, `move ${k} of ${node.id}`, value.shape) : undefined))
  const local = graph.node(node.op, points, node.attributes)
  const first = total(local.op.forward(local, moves))
  if (!first) return undefined
  const seeds = new Map<Node, Node>()
  points.forEach((point, k) => { if (moves[k]) seeds.set(point, moves[k]!) })
  seeds.set(local, first)
  const second = tangents([first], seeds).get(first)
  if (!second) return undefined
  const back = new Map<Node, Node>()
  points.forEach((point, k) => {
    back.set(point, node.inputs[k])
    if (moves[k]) back.set(moves[k]!, inputTangents[k]!)
  })
  back.set(local, node)
  return substitute([second], back)[0]
}

interface Curved {
  readonly node: Node
  /** Σ over directions of the curvature, in the node's shape. */
  readonly curvature: Node
}

/** The curvatures, summed over all unit directions of x (with these weights), of every node between x and the output that has one. */
function curvatures(output: Node, x: Node, weights?: Node): readonly Curved[] {
  const direction = directionOf(x)
  const moving = tangents([output], new Map([[x, direction]]))
  const curved: { node: Node; along: Node }[] = []
  for (const node of topological([output])) {
    if (node === x || !moving.has(node)) continue
    const along = curvature(node, node.inputs.map((value) => moving.get(value)))
    if (along) curved.push({ node, along })
  }
  const all = vectorized(curved.map(({ along }) => along), new Map([[direction, unitDirections(x)]]), sizeOf(x.shape))
  return curved.map(({ node, along }) => ({ node, curvature: sumDirections(all.get(along), weights) ?? (weights ? mul(sum(weights), along) : scale(along, sizeOf(x.shape))) }))
}

/** Forward Laplacian: Σⱼ ∂²output/∂xⱼ² in the output's shape, carried from x to the output in one sweep. */
export function forwardLaplacian(output: Node, x: Node): Node {
  const bent = new Map(curvatures(output, x).map((entry) => [entry.node, entry.curvature]))
  const laplacians = new Map<Node, Node>()
  for (const node of topological([output])) {
    if (node === x) continue
    const carried = total(node.op.forward(node, node.inputs.map((value) => laplacians.get(value))))
    const own = bent.get(node)
    const both = carried && own ? add(carried, own) : (carried ?? own)
    if (both) laplacians.set(node, both)
  }
  return laplacians.get(output) ?? fill(output.graph, 0, output.shape)
}

/**
 * The Laplacian of a scalar, each curvature weighted by the adjoint that the gradient computes anyway.
 * @param along a weight for each element of x, [d]: Σⱼ alongⱼ ∂²output/∂xⱼ², with 1 where there is none
 */
export function laplacian(output: Node, x: Node, along?: Node): Node {
  const weights = adjoints(output, [x])
  const elements = elementsUsed([output], x)
  if (elements) return byElements(weights, elements, along) ?? fill(output.graph, 0, [])
  const relevant = dependents([output], [x])
  const terms = curvatures(output, x, along).flatMap(({ node, curvature: bend }) => {
    const weight = weights.get(node)
    return weight && relevant.has(node) ? [weightedSum(weight, bend)] : []
  })
  return total(terms) ?? fill(output.graph, 0, [])
}

/** The same from single elements: the second derivative by each is that of its adjoint. */
function byElements(weights: ReadonlyMap<Node, Node>, elements: readonly (Node | undefined)[], along: Node | undefined): Node | undefined {
  return total(elements.flatMap((element, j) => {
    const slope = element && weights.get(element)
    if (!slope) return []
    const [bend] = gradient(sum(slope), [element])
    return [sum(along ? mul(slice(along, 0, j, 1), bend) : bend)]
  }))
}

/** vᵀ(∇²output)v for a direction v in the shape of x, held fixed. */
export function secondDirectional(output: Node, x: Node, v: Node): Node {
  const direction = directionOf(x)
  const [slope] = directional([output], new Map([[x, direction]]))
  const [bend] = directional([slope], new Map([[x, direction]]))
  return substitute([bend], new Map([[direction, v]]))[0]
}

function weightedSum(weight: Node, bend: Node): Node {
  const [factor, rest] = coefficient(bend)
  return scale(sum(mul(weight, rest)), factor)
}

