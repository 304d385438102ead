// The log normalizer log Z = log ∫ exp(−E(x)) dx over all of R^d for d ≤ 3, by adaptive Gauss–Legendre quadrature on cells.
//
// Coordinates are whitened by the rows, a central cube is surrounded by shells that double in size until they hold no mass,
// and cells are halved where a cell and its halves disagree (cf. Genz & Malik 1980, Berntsen, Espelid & Genz 1991).
import type { FittedEnergy } from '../../model/fitted-energy.ts'
import { CENTRAL_RADIUS, centralCells, logSum, measureCells, refineCells, shellCells } from './cells.ts'
import type { MeasuredCell } from './cells.ts'
import { findDetectors } from './detectors.ts'
import { cubeRule, gaussLegendre } from './gauss-legendre.ts'
import type { CubeRule } from './gauss-legendre.ts'
import { notIntegrable, whitenedIntegrand } from './integrand.ts'
import type { Integrand, Surroundings } from './integrand.ts'
import type { LogNormalizerMethod } from './method.ts'

/** log Z with its error. */
export interface LogNormalizer {
  readonly value: number
  /** For `quadrature`: a bound-like estimate of the absolute error, not a standard deviation. */
  readonly standardError: number
  readonly method: 'quadrature'
  /** Points at which the energy was evaluated. */
  readonly evaluations: number
}

export interface QuadratureOptions {
  /** Error of log Z at which refinement stops. */
  readonly tolerance?: number
  /** Evaluations of the energy after which refinement stops and the error attained is reported. */
  readonly maximumEvaluations?: number
}

const REACH = 3

/** Up to three columns. */
export const quadrature: LogNormalizerMethod = {
  name: 'quadrature',
  sentence: 'adaptive Gauss–Legendre quadrature over cells that are halved where it matters, up to three columns',
  refuses: ({ energy: { columns } }) => (columns.length <= REACH ? null : `reaches ${REACH} columns, not ${columns.length}`),
  async estimate({ energy, rows, now }) {
    const start = now()
    const { value, standardError, evaluations } = (await logNormalizer(energy, { rows }))!
    return { method: 'quadrature', value, standardError, bounds: null, doubt: null, evaluations, seconds: (now() - start) / 1000, diagnostics: {} }
  },
}

const SHELL_LIMIT = 40
const NEGLIGIBLE = Math.log(1e-8)
/** Nodes a side of the rule on a cell, by dimension. */
export const ORDER = [0, 10, 6, 4]
const PROBED_DOUBLINGS = 24

/**
 * log Z of an energy on R^d, d ≤ 3; null for larger d.
 *
 * Narrow modes are found from the rows and from points climbing the density, far mass by shells and by rays out to 10⁸ standard deviations.
 * @param where the rows the energy was fitted to, or a center [d] and a scale [d]
 * @throws UnnormError `not-integrable` with the reason; `energy-not-finite` where the energy is NaN
 */
export async function logNormalizer(
  energy: FittedEnergy,
  where: Surroundings,
  options: QuadratureOptions = {},
): Promise<LogNormalizer | null> {
  const dimension = energy.columns.length
  if (dimension > REACH) return null
  const tolerance = options.tolerance ?? 1e-5
  const maximumEvaluations = options.maximumEvaluations ?? 1_500_000
  const integrand = whitenedIntegrand(energy, where)
  const rule = cubeRule(gaussLegendre(ORDER[dimension]), dimension)

  let nodes = await measureCells(centralCells(dimension), rule, integrand)
  const shells = await addShells(nodes, rule, integrand)
  nodes = shells.nodes
  if (!shells.powerLaw) await refuseFarMass(shells.radius, logSum(nodes), integrand)

  const detectors = await findDetectors(nodes, where, integrand)
  const { total, error, reference } = await refineCells(nodes, detectors, rule, integrand, { tolerance, maximumEvaluations })
  const remainder = Math.exp(shells.logRemainder - reference)
  const standardError = (error + shells.remainderError * remainder) / total
  // A ridge that rises without end between the rays that were looked along.
  if (!Number.isFinite(standardError)) throw notIntegrable('it grows along a way on which its cells do not settle')
  return {
    value: reference + Math.log(total + remainder),
    standardError,
    method: 'quadrature',
    evaluations: integrand.evaluations(),
  }
}

interface Shells {
  readonly nodes: MeasuredCell[]
  // The radius beyond which nothing was measured.
  readonly radius: number
  // The shells fall like a power of the distance out to the last one: there is nothing further out to look for.
  readonly powerLaw: boolean
  // Mass beyond the last shell, on a log scale, extrapolated geometrically, and its relative error.
  readonly logRemainder: number
  readonly remainderError: number
}

// Adds shells until two in a row hold less than 10⁻⁸ of the mass.
async function addShells(central: MeasuredCell[], rule: CubeRule, integrand: Integrand): Promise<Shells> {
  const nodes = central.slice()
  const masses: number[] = []
  let radius = CENTRAL_RADIUS
  let total = logSum(nodes)
  let negligible = 0
  for (let shell = 0; shell < SHELL_LIMIT; shell++) {
    const cells = await measureCells(shellCells(integrand.dimension, radius), rule, integrand)
    const mass = logSum(cells)
    masses.push(mass)
    nodes.push(...cells)
    total = logSum([{ log: total }, { log: mass }])
    radius *= 2
    negligible = mass - total < NEGLIGIBLE ? negligible + 1 : 0
    if (negligible === 2) return { nodes, radius, powerLaw: false, logRemainder: mass - Math.log(2), remainderError: 1 }
  }
  if (total === -Infinity) throw notIntegrable('exp(−energy) is 0 wherever it was evaluated')
  // A power-law tail: the masses of the shells fall by a constant factor, 2^−(tail exponent).
  const last = masses[SHELL_LIMIT - 1]
  const slope = (last - masses[SHELL_LIMIT - 9]) / 8
  const earlierSlope = (masses[SHELL_LIMIT - 9] - masses[SHELL_LIMIT - 17]) / 8
  if (!(slope < Math.log(0.97))) {
    throw notIntegrable(`${Math.exp(last - total) > 0.5 ? 'it grows' : 'it does not fall fast enough'} far from the rows`)
  }
  const remainder = (logRatio: number) => last + logRatio - Math.log1p(-Math.exp(logRatio))
  return {
    nodes,
    radius,
    powerLaw: true,
    logRemainder: remainder(slope),
    remainderError: Math.abs(Math.expm1(remainder(Math.min(earlierSlope, -1e-3)) - remainder(slope))) + 1e-6,
  }
}

// An energy may grow at first and fall later, where no shell was laid: rays look there.
async function refuseFarMass(radius: number, total: number, integrand: Integrand): Promise<void> {
  const { dimension } = integrand
  const directions = rayDirections(dimension)
  const points: number[] = []
  for (let doubling = 0; doubling < PROBED_DOUBLINGS; doubling++) {
    for (const direction of directions) for (const value of direction) points.push(value * radius * 2 ** doubling)
  }
  const { log } = await integrand.scout(Float64Array.from(points))
  for (let i = 0; i < log.length; i++) {
    const distance = radius * 2 ** Math.floor(i / directions.length)
    // The mass of a ball one thousandth of the distance wide, were the density there the same all over it.
    if (log[i] + dimension * Math.log(distance * 1e-3) > total + NEGLIGIBLE) {
      throw notIntegrable(`it rises again ${distance.toPrecision(2)} standard deviations from the rows`)
    }
  }
}

function rayDirections(dimension: number): number[][] {
  if (dimension === 1) return [[-1], [1]]
  if (dimension === 2) {
    return Array.from({ length: 64 }, (_, i) => [Math.cos((i * Math.PI) / 32), Math.sin((i * Math.PI) / 32)])
  }
  const axes = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]
  // A Fibonacci spiral spreads points evenly over the sphere.
  const spiral = Array.from({ length: 122 }, (_, i) => {
    const height = 1 - (2 * i + 1) / 122
    const angle = i * Math.PI * (3 - Math.sqrt(5))
    const width = Math.sqrt(1 - height * height)
    return [width * Math.cos(angle), width * Math.sin(angle), height]
  })
  return axes.concat(spiral)
}
