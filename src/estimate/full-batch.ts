// The objective over a whole table in float64: its value, gradient, Hessian and the spread of its rows, run in chunks.
import { multiply, submatrix, transpose } from '../base/linear-algebra.ts'
import { directional } from '../differentiate/forward.ts'
import { gradient } from '../differentiate/reverse.ts'
import { vectorize } from '../differentiate/vectorize.ts'
import type { Engine, Executable, Values } from '../engine/engine.ts'
import { ROWS } from '../graph/node.ts'
import type { Node } from '../graph/node.ts'
import { square } from '../graph/ops/arithmetic.ts'
import { contractAxes } from '../graph/ops/contract.ts'
import { input } from '../graph/ops/leaf.ts'
import { sum } from '../graph/ops/linear.ts'
import { concat } from '../graph/ops/rearrange.ts'
import type { TracedModel } from '../model/model.ts'
import { overRows } from './batch.ts'
import type { Basis } from './curvature.ts'
import type { IntegratedObjective } from './integrate-noise.ts'
import { errorOfMean, weigh } from './weighting.ts'
import type { Weighting } from './weighting.ts'

/** Mean of the objective over all rows and its gradient [P]. */
export interface Evaluation {
  readonly objective: number
  readonly gradient: Float64Array
}

/** How much the rows differ. */
export interface Spread {
  /** Standard error of the mean objective. */
  readonly objectiveError: number
  /**
   * Mean over rows of g gᵀ, g the gradient of one row, times its weight, in the basis asked for, row-major [count × count]. With
   * clusters: Σ over clusters of the same with the sum over a cluster's rows for g, divided by the number of rows.
   */
  readonly gradientProducts: Float64Array
}

/** How many there are, and the first of them: their place (from 0) and their values [d]. */
export interface NonFiniteRows {
  readonly count: number
  readonly first: readonly { readonly row: number; readonly values: Float64Array }[]
}

/** An objective over a table. Calls throw `Interrupted` once the signal given at opening is aborted. */
export interface FullBatch {
  readonly rowCount: number
  /** What is independent: clusters where there are some, else rows. */
  readonly unitCount: number
  readonly parameterCount: number
  evaluate(theta: Float64Array): Promise<Evaluation>
  /** BᵀHB, row-major [count × count], H = ∂²(mean objective)/∂θ² exactly; H itself without a basis. The rows are seen through B first, so that what H cancels is not lost. */
  hessian(theta: Float64Array, basis?: Basis): Promise<Float64Array>
  /** Gradients of rows are Bᵀ∂/∂θ, changed row by row for the same reason. */
  spread(theta: Float64Array, basis?: Basis): Promise<Spread>
  /** Gradients of single rows in a basis, times their weights, [n × count]; of clusters, where there are some, their sums over rows. */
  rowGradients(theta: Float64Array, basis: Basis): Promise<Float64Array>
  /** Mean over rows of the squared gradient of one row, [P]: the diagonal of `spread`, without the rest of it. */
  gradientSquares(theta: Float64Array): Promise<Float64Array>
  /** Rows whose objective is not a finite number. */
  nonFiniteRows(theta: Float64Array): Promise<NonFiniteRows>
  release(): Promise<void>
}

/** Thrown inside a pass over the table when the user asked to stop. */
export class Interrupted extends Error {}

/** Numbers of one intermediate of a chunk: so many stay in the cache of a core from one operation to the next. */
const CHUNK_ELEMENTS = 2 ** 16
const CHUNK_ROWS = 16_384
/** With fewer rows the start of an operation takes as long as it does, unless they hold more numbers than memory should. */
const FEW_ROWS = 512
const MOST_ELEMENTS = 2 ** 21
/** Directions whose Hessian products are computed in one run. */
const DIRECTIONS = 32
/** Up to so many parameters that are single numbers, second derivatives are written out one by one: they share most of what they are made of. */
const MOST_ENTRIES = 12
/** Rows that an error names. */
const SHOWN_ROWS = 5

interface Pass {
  /** Runs all chunks; `each` gets every chunk's outputs. */
  run(values: Readonly<Record<string, Values>>, each: (outputs: Record<string, Values>, firstRow: number) => void): Promise<void>
  release(): Promise<void>
}

/**
 * Opens an objective over a table.
 * @param rows row-major [n × d], in the data's units
 * @param weighting how rows count: means over rows become weighted means, what is said of one row holds of it times its weight
 */
export function openFullBatch(
  traced: TracedModel,
  plain: IntegratedObjective,
  rows: Float64Array,
  engine: Engine,
  signal?: AbortSignal,
  weighting: Weighting = {},
): FullBatch {
  const { clusters } = weighting
  const objective = weighting.weights ? weigh(traced.graph, plain, weighting.weights) : plain
  const { dimension, parameterCount, theta } = traced
  const rowCount = rows.length / dimension
  const passes = new Map<string, Promise<Pass>>()

  const openPass = async (name: string, inputs: readonly Node[], outputs: Readonly<Record<string, Node>>, width: number): Promise<Pass> => {
    const executable: Executable = await engine.prepare({ name, inputs, outputs, type: 'float64' })
    const perChunk = Math.min(CHUNK_ROWS, Math.max(1, Math.floor(CHUNK_ELEMENTS / width), Math.min(FEW_ROWS, Math.floor(MOST_ELEMENTS / width))))
    return {
      run: async (values, each) => {
        for (let first = 0; first < rowCount; first += perChunk) {
          if (signal?.aborted) throw new Interrupted('interrupted')
          const count = Math.min(perChunk, rowCount - first)
          const chunk: Values = { shape: [count, dimension], data: rows.subarray(first * dimension, (first + count) * dimension) }
          each(await executable.run({ ...values, rows: chunk, ...objective.feeds(first, count) }), first)
        }
      },
      release: () => executable.release(),
    }
  }
  const pass = (name: string, open: () => Promise<Pass>): Promise<Pass> => {
    const known = passes.get(name) ?? open()
    passes.set(name, known)
    return known
  }
  const width = objective.points * dimension
  const batch = overRows(traced, objective)
  const feed = (values: Float64Array): Record<string, Values> => ({ theta: { shape: [parameterCount], data: values } })

  const onRow = (): ReadonlyMap<Node, Node> => new Map([traced.x, ...objective.draws].map((node, k) => [node, batch.inputs[k]]))
  const squaresOf = (gradients: Node): Node => sum(square(gradients), [0])
  const openRowGradients = (name: 'gradients' | 'products' | 'squares'): Promise<Pass> => {
    const { perRow, inputs } = batch
    const own = concat(gradient(objective.value, traced.parameters.map(({ packed }) => packed)), 0)
    const [all] = vectorize([own], onRow(), ROWS)
    if (name === 'squares') return openPass(name, [...inputs, theta], { squares: squaresOf(all) }, Math.max(width, parameterCount))
    const basis = input(traced.graph, 'basis', [parameterCount, parameterCount])
    const seen = contractAxes(all, basis, [1], [0])
    const outputs: Record<string, Node> = name === 'gradients' ? { seen } : { perRow, products: contractAxes(seen, seen, [0], [0]) }
    return openPass(name, [...inputs, theta, basis], outputs, Math.max(width, parameterCount))
  }

  const openHessian = (): Promise<Pass> => {
    const block = Math.min(DIRECTIONS, parameterCount)
    const { thetas, directions, products } = hessianProducts(traced, objective, batch.inputs, block)
    return openPass('hessian', [...batch.inputs, thetas, directions], { products }, width * block)
  }

  const hasEntries = parameterCount <= MOST_ENTRIES && traced.parameters.every(({ parameter }) => parameter.size === 1)
  // Whoever asks for a Hessian asks for the spread of the gradient there too, which shares nearly all that it is made of.
  let squaresThere: { readonly theta: Float64Array; readonly squares: Float64Array } | undefined
  const entries = async (at: Float64Array): Promise<Float64Array> => {
    const { run } = await pass('hessian entries', () => {
      const slopes = gradient(objective.value, traced.parameters.map(({ packed }) => packed))
      // Summed over rows one by one: putting them together row by row would take longer than computing them.
      const each = vectorize([...hessianEntries(traced, slopes), ...slopes], onRow(), ROWS)
      const [upper, own] = [each.slice(0, -slopes.length), each.slice(-slopes.length)]
      return openPass('hessian entries', [...batch.inputs, theta], { sums: concat(upper.map((entry) => sum(entry, [0])), 0), squares: concat(own.map(squaresOf), 0) }, width)
    })
    const sums = new Float64Array((parameterCount * (parameterCount + 1)) / 2)
    const squares = new Float64Array(parameterCount)
    await run(feed(at), (outputs) => {
      addTo(sums, outputs.sums.data, 1 / rowCount)
      addTo(squares, outputs.squares.data, 1 / rowCount)
    })
    squaresThere = { theta: at.slice(), squares }
    const found = new Float64Array(parameterCount * parameterCount)
    for (let i = 0, e = 0; i < parameterCount; i++) for (let j = i; j < parameterCount; j++, e++) found[i * parameterCount + j] = found[j * parameterCount + i] = sums[e]
    return found
  }

  /** The programs' basis is square: columns of zeros fill it up. */
  const feedBasis = ({ columns, count }: Basis): Record<string, Values> => ({
    basis: { shape: [parameterCount, parameterCount], data: Float64Array.from({ length: parameterCount * parameterCount }, (_, e) => (e % parameterCount < count ? columns[Math.floor(e / parameterCount) * count + (e % parameterCount)] : 0)) },
  })

  const rowGradients = async (at: Float64Array, basis: Basis): Promise<Float64Array> => {
    const { run } = await pass('gradients', () => openRowGradients('gradients'))
    const { count } = basis
    const gradients = new Float64Array((clusters?.count ?? rowCount) * count)
    await run({ ...feed(at), ...feedBasis(basis) }, ({ seen: { data } }, first) => {
      for (let k = 0; k < data.length / parameterCount; k++) {
        const to = (clusters ? clusters.of[first + k] : first + k) * count
        for (let c = 0; c < count; c++) gradients[to + c] += data[k * parameterCount + c]
      }
    })
    return gradients
  }

  const spread = async (at: Float64Array, basis: Basis = wholeSpace(parameterCount)): Promise<Spread> => {
    const { run } = await pass('products', () => openRowGradients('products'))
    const { count } = basis
    const values = new Float64Array(rowCount)
    const products = new Float64Array(parameterCount * parameterCount)
    await run({ ...feed(at), ...feedBasis(basis) }, (outputs, first) => {
      values.set(outputs.perRow.data, first)
      addTo(products, outputs.products.data, 1 / rowCount)
    })
    const gradientProducts = clusters ? productsOf(await rowGradients(at, basis), count, rowCount) : submatrix(products, Array.from({ length: count }, (_, c) => c), parameterCount)
    return { objectiveError: errorOfMean(values, weighting), gradientProducts }
  }

  return {
    rowCount,
    unitCount: clusters?.count ?? rowCount,
    parameterCount,
    evaluate: async (at) => {
      const { run } = await pass('objective', () => openPass('objective', [...batch.inputs, theta], { total: batch.total, gradient: batch.gradient }, width))
      const result = { objective: 0, gradient: new Float64Array(parameterCount) }
      await run(feed(at), (outputs) => {
        result.objective += outputs.total.data[0] / rowCount
        addTo(result.gradient, outputs.gradient.data, 1 / rowCount)
      })
      return result
    },
    hessian: async (at, basis) => {
      if (!basis && hasEntries) return entries(at)
      const { run } = await pass('hessian', openHessian)
      const block = Math.min(DIRECTIONS, parameterCount)
      const repeated = new Float64Array(block * parameterCount)
      for (let b = 0; b < block; b++) repeated.set(at, b * parameterCount)
      const { columns, count } = basis ?? wholeSpace(parameterCount)
      const directions = transpose(columns, parameterCount, count)
      const bent = new Float64Array(count * parameterCount)
      for (let first = 0; first < count; first += block) {
        const some = new Float64Array(block * parameterCount)
        some.set(directions.subarray(first * parameterCount, (first + block) * parameterCount))
        const shape = [block, parameterCount]
        await run({ thetas: { shape, data: repeated }, directions: { shape, data: some } }, (outputs) => {
          addTo(bent.subarray(first * parameterCount), outputs.products.data.subarray(0, Math.min(block, count - first) * parameterCount), 1 / rowCount)
        })
      }
      return symmetrized(basis ? multiply(bent, columns, count, parameterCount, count) : bent, count)
    },
    spread,
    rowGradients,
    gradientSquares: async (at) => {
      if (squaresThere?.theta.every((value, k) => value === at[k])) return squaresThere.squares
      const { run } = await pass('squares', () => openRowGradients('squares'))
      const squares = new Float64Array(parameterCount)
      await run(feed(at), (outputs) => {
        addTo(squares, outputs.squares.data, 1 / rowCount)
      })
      return squares
    },
    nonFiniteRows: async (at) => {
      const { run } = await pass('objective rows', () => openPass('objective rows', [...batch.inputs, theta], { perRow: batch.perRow }, width))
      const found: number[] = []
      let count = 0
      await run(feed(at), (outputs, first) => {
        outputs.perRow.data.forEach((value, k) => {
          if (Number.isFinite(value)) return
          count++
          if (found.length < SHOWN_ROWS) found.push(first + k)
        })
      })
      return { count, first: found.map((row) => ({ row, values: rows.slice(row * dimension, (row + 1) * dimension) })) }
    },
    release: async () => {
      for (const opened of passes.values()) await (await opened).release()
      passes.clear()
    },
  }
}

/** The same with what it computed last kept: where a search ends, its errors are computed, and searches by logarithms ask twice. */
export function remembering(batch: FullBatch): FullBatch {
  return { ...batch, evaluate: keepingLast(batch.evaluate), hessian: keepingLast(batch.hessian) }
}

function keepingLast<T>(compute: (theta: Float64Array, basis?: Basis) => Promise<T>): (theta: Float64Array, basis?: Basis) => Promise<T> {
  let last: { readonly theta: Float64Array; readonly found: Promise<T> } | undefined
  return (theta, basis) => {
    if (basis) return compute(theta, basis)
    if (!last?.theta.every((value, k) => value === theta[k])) last = { theta: theta.slice(), found: compute(theta) }
    return last.found
  }
}

/** Σ g gᵀ / n over gradients g, row-major [· × count]. */
export function productsOf(gradients: Float64Array, count: number, rowCount: number): Float64Array {
  const length = count === 0 ? 0 : gradients.length / count
  return multiply(transpose(gradients, length, count), gradients, count, length, count).map((value) => value / rowCount)
}

/** All of parameter space. */
export function wholeSpace(size: number): Basis {
  return { columns: Float64Array.from({ length: size * size }, (_, e) => (e % (size + 1) === 0 ? 1 : 0)), count: size }
}

function addTo(target: Float64Array, part: ArrayLike<number>, factor: number): void {
  for (let k = 0; k < part.length; k++) target[k] += factor * part[k]
}

/** Rounding makes the two halves of a Hessian differ in the last bits. */
function symmetrized(matrix: Float64Array, size: number): Float64Array {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) matrix[i * size + j] = matrix[j * size + i] = (matrix[i * size + j] + matrix[j * size + i]) / 2
  }
  return matrix
}

interface HessianProducts {
  /** θ once for each direction, [B, P]. */
  readonly thetas: Node
  /** [B, P]. */
  readonly directions: Node
  /** Σ over rows of the Hessian times each direction, [B, P]. */
  readonly products: Node
}

/**
 * Hessian–vector products for B directions at once (Pearlmutter 1994).
 *
 * Every direction gets a copy of θ: the gradient of Σ_b ∂_{v_b} J(θ_b) by the copies is then H v_b for each b, and the
 * sum over rows stays inside matrix products instead of leaving a [rows, B, P] intermediate.
 */
function hessianProducts(traced: TracedModel, objective: IntegratedObjective, inputs: readonly Node[], block: number): HessianProducts {
  const { graph, theta, parameterCount, x } = traced
  const direction = input(graph, 'direction', [parameterCount])
  const thetas = input(graph, 'thetas', [block, parameterCount])
  const directions = input(graph, 'directions', [block, parameterCount])
  const [slope] = directional([objective.value], new Map([[theta, direction]]))
  const [slopes] = vectorize([slope], new Map([[theta, thetas], [direction, directions]]), block)
  const [perRow] = vectorize([slopes], new Map([x, ...objective.draws].map((node, k) => [node, inputs[k]])), ROWS)
  const [products] = gradient(sum(perRow), [thetas])
  return { thetas, directions, products }
}

/** ∂²/∂θᵢ∂θⱼ of one row's objective, i ≤ j row by row, of parameters that are single numbers, from its slopes by them. */
function hessianEntries({ parameters }: TracedModel, slopes: readonly Node[]): Node[] {
  const packed = parameters.map((placed) => placed.packed)
  return slopes.flatMap((slope, i) => gradient(sum(slope), packed.slice(i)))
}
