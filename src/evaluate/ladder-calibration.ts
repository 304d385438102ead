// Whether a noise-conditional energy U(y, t) is calibrated at every noise level, on rows it has not seen: y = x + √t z.
//
// S = √t ∇U is to be E{z | y} and s = t ∂ₜU is to be E{T | y}, T = (d − ‖z‖²)/2 (Guth, Kadkhodaie & Simoncelli 2025). The error of a
// conditional mean is orthogonal to every function of y, the mean itself among them, so for the true energy
//   E zᵀS = E‖S‖²,   E T s = Var s,   E s = E T = 0.
// The first two are reported as the slope of the regression of target on model, which is 1; the third, integrated over log t, as the
// change of log Z: d log Z/d log t = −E s over draws of the model.
import type { Warning } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import type { Ladder } from '../model/model.ts'
import { meanWithError } from './mean-with-error.ts'
import type { MeanWithError } from './mean-with-error.ts'

/** Both derivatives of a noise-conditional energy, and the noise that its levels stand for. */
export interface LevelDerivatives {
  readonly ladder: Ladder
  /** Standard deviation of the noise in each column at t = 1, in the data's units. */
  readonly deviations: ArrayLike<number>
  /**
   * At the level t of many rows [n × d], in the data's units.
   * @returns `score`: −∇U, row-major [n × d], in one over the data's units; `slope`: t ∂ₜU, [n]
   */
  derivatives(rows: Float64Array, t: number): Promise<{ score: Float64Array; slope: Float64Array }>
}

/** A slope of regression, and what its distance from 1 costs. */
export interface Slope extends MeanWithError {
  /** Nats per unit of log t, see `spaceCost` and `levelCost`. */
  readonly cost: number
}

/** How well one level fits. */
export interface LevelCalibration {
  /** √t: the noise in standard deviations of the columns. */
  readonly noise: number
  /** E zᵀS / E‖S‖²: 1; below it the score is too steep. Its cost is a lower bound of what the error adds to the Kullback–Leibler divergence. */
  readonly space: Slope
  /** E T s / Var s: 1. Its cost is a root mean square error of log p. Null where only scores were fitted. */
  readonly level: Slope | null
  /** log Z of this level less that of the largest, in nats: 0. Null where only scores were fitted. */
  readonly drift: MeanWithError | null
}

export interface LadderCalibration {
  /** Rows it was found on. */
  readonly rows: number
  /** From the largest level to the smallest. */
  readonly levels: readonly LevelCalibration[]
}

/** Levels, at equal ratios. */
const LEVELS = 17
/** Draws z of each row at each level; each is used with both signs, which takes out of zᵀS what is even in z. */
const DRAWS = 4
const MOST_ROWS = 1000
/** Fewer give standard errors that cannot be relied on. */
const LEAST_ROWS = 20

/**
 * Calibration on rows that were not fitted, at most 1000 of them.
 * @param rows row-major [n × d], in the data's units
 * @param hasSlope whether the derivative by the level was fitted
 * @returns null for fewer than 20 rows
 */
export async function calibrateLadder(model: LevelDerivatives, rows: Float64Array, hasSlope: boolean, random: Random): Promise<LadderCalibration | null> {
  const { ladder: { least, most }, deviations } = model
  const d = deviations.length
  const available = rows.length / d
  if (available < LEAST_ROWS) return null
  const count = Math.min(available, MOST_ROWS)
  const chosen = new Float64Array(count * d)
  for (let k = 0; k < count; k++) chosen.set(rows.subarray(Math.floor((k * available) / count) * d).subarray(0, d), k * d)
  const step = Math.log(most / least) / (LEVELS - 1)
  const levels: LevelCalibration[] = []
  const drift = new Float64Array(count)
  let before: Float64Array | null = null
  for (let k = 0; k < LEVELS; k++) {
    const t = most * Math.exp(-k * step)
    const found = await measureLevel(model, chosen, t, random.split(k))
    const slopes = before === null ? null : before
    if (slopes !== null) found.mean.forEach((value, row) => { drift[row] += 0.5 * step * (value + slopes[row]) })
    before = found.mean
    levels.push({
      noise: Math.sqrt(t),
      space: regression(found.alongScore, found.scoreSquared, spaceCost),
      level: hasSlope ? regression(found.alongSlope, found.slopeSpread, levelCost) : null,
      drift: hasSlope ? meanWithError(drift) : null,
    })
  }
  return { rows: count, levels }
}

/** Per row: means over its draws. */
interface Measured {
  /** zᵀS. */
  readonly alongScore: Float64Array
  /** ‖S‖². */
  readonly scoreSquared: Float64Array
  /** Covariance of T and s over the draws. */
  readonly alongSlope: Float64Array
  /** Squared distance of s from its mean over all rows. */
  readonly slopeSpread: Float64Array
  /** s, less what T, whose mean is known to be 0, explains of its noise. */
  readonly mean: Float64Array
}

async function measureLevel({ deviations, derivatives }: LevelDerivatives, rows: Float64Array, t: number, random: Random): Promise<Measured> {
  const d = deviations.length
  const count = rows.length / d
  const zeros = () => new Float64Array(count)
  const [alongScore, scoreSquared, slopeSquared, meanSlope, meanTarget, product] = [zeros(), zeros(), zeros(), zeros(), zeros(), zeros()]
  const z = new Float64Array(rows.length)
  for (let draw = 0; draw < DRAWS; draw++) {
    random.split(draw).fillNormal(z)
    const shift = z.map((value, k) => Math.sqrt(t) * deviations[k % d] * value)
    const [up, down] = [await derivatives(rows.map((value, k) => value + shift[k]), t), await derivatives(rows.map((value, k) => value - shift[k]), t)]
    for (let row = 0; row < count; row++) {
      let [along, squared, length] = [0, 0, 0]
      for (let k = row * d; k < (row + 1) * d; k++) {
        const [a, b] = [up.score[k], down.score[k]].map((score) => -Math.sqrt(t) * deviations[k % d] * score)
        along += 0.5 * z[k] * (a - b)
        squared += 0.5 * (a * a + b * b)
        length += z[k] * z[k]
      }
      const [target, slope] = [(d - length) / 2, (up.slope[row] + down.slope[row]) / 2]
      alongScore[row] += along / DRAWS
      scoreSquared[row] += squared / DRAWS
      slopeSquared[row] += (up.slope[row] ** 2 + down.slope[row] ** 2) / 2 / DRAWS
      meanSlope[row] += slope / DRAWS
      meanTarget[row] += target / DRAWS
      product[row] += (slope * target) / DRAWS
    }
  }
  // E T s is the covariance of T and s within a row, since T has mean 0 there: so what differs from row to row adds no noise.
  const alongSlope = product.map((value, row) => (DRAWS / (DRAWS - 1)) * (value - meanSlope[row] * meanTarget[row]))
  // The regression of s on T, whose variance is d/2, of all other rows: of the row itself it would not be independent.
  const total = alongSlope.reduce((sum, value) => sum + value, 0)
  const mean = meanSlope.map((value, row) => value - ((total - alongSlope[row]) / (count - 1) / (d / 2)) * meanTarget[row])
  const center = meanWithError(meanSlope).value
  const slopeSpread = slopeSquared.map((value, row) => value - 2 * center * meanSlope[row] + center ** 2)
  return { alongScore, scoreSquared, alongSlope, slopeSpread, mean }
}

/** Σ products / Σ squares with the error of such a ratio over rows (delta method). */
function regression(products: Float64Array, squares: Float64Array, cost: (slope: number, meanSquare: number) => number): Slope {
  const meanSquare = meanWithError(squares).value
  const value = meanWithError(products).value / meanSquare
  const { standardError } = meanWithError(products.map((product, row) => (product - value * squares[row]) / meanSquare))
  return { value, standardError, cost: cost(value, meanSquare) }
}

/**
 * ½ E‖S − E{z|y}‖² per unit of log t is what errors of the scores add to the divergence from the density of the rows
 * (Song, Durkan, Murray & Ermon 2021, theorem 1); of that, (1 − slope)² E‖S‖² lies along S.
 */
const spaceCost = (slope: number, meanSquare: number): number => 0.5 * (1 - slope) ** 2 * meanSquare

/** The root mean square of that part of s − E{T|y} which lies along s: log p changes wrongly by at least so much per unit of log t. */
const levelCost = (slope: number, meanSquare: number): number => Math.abs(1 - slope) * Math.sqrt(meanSquare)

/** A level is off if it is so by more standard errors than chance explains in any of 3 · 17 looks, and if that matters: in nats of divergence. */
const ERRORS = 4
const MATERIAL = 0.02

/** Whether a number is off by more than chance. */
export const isOff = ({ value, standardError }: MeanWithError, expected: number): boolean => Math.abs(value - expected) > ERRORS * standardError

/** What is off by more than chance, and matters: in nats. */
export function calibrationWarnings({ rows, levels }: LadderCalibration): Warning[] {
  const warnings: Warning[] = []
  const warn = (message: string): void => { warnings.push({ code: 'uncalibrated-levels', message: `${message} (${rows} held-out rows; see the noise levels in the report)` }) }
  const space = costOf(levels, (level) => level.space)
  if (space.total > MATERIAL) {
    warn(`with noise of ${space.range} standard deviations the score is ${percentOff(space.worst)} too ${space.worst < 1 ? 'steep' : 'flat'} on rows that the fit did not see, which costs at least ${short(space.total)} nats: ${space.worst < 1 ? 'it follows the rows of the fit too closely (more rows, more --weight-decay or a larger --noise help)' : 'it has not learned all that the rows show (more --steps help)'}`)
  }
  const level = costOf(levels, (each) => each.level)
  // A relative error ε of p costs about ½ E ε² nats.
  if (0.5 * level.total ** 2 > MATERIAL) {
    warn(`with noise of ${level.range} standard deviations log p changes with the noise ${percentOff(level.worst)} too ${level.worst < 1 ? 'much' : 'little'}: where that adds up, log p is off by ${short(level.total)} nats or more; of separated modes the weights are the first to suffer (more --steps help)`)
  }
  const off = levels.flatMap(({ noise, drift }) => (drift !== null && isOff(drift, 0) && Math.abs(drift.value) > MATERIAL ? [{ noise, ...drift }] : []))
  if (off.length > 0) {
    const worst = off.reduce((most, each) => (Math.abs(each.value) > Math.abs(most.value) ? each : most))
    warn(`log Z changes by ${short(worst.value)} ± ${short(worst.standardError)} nats from the largest noise level to that of ${short(worst.noise)} standard deviations, and should stay the same: the energy's own normalization is off by so much (more --steps help; log Z by another method corrects it)`)
  }
  return warnings
}

/** What the levels at which a slope is off by more than chance cost together, over log t. */
function costOf(levels: readonly LevelCalibration[], slopeOf: (level: LevelCalibration) => Slope | null) {
  const step = 2 * Math.log(levels[0].noise / levels[levels.length - 1].noise) / (levels.length - 1)
  const off = levels.flatMap((level) => {
    const slope = slopeOf(level)
    return slope !== null && isOff(slope, 1) ? [{ noise: level.noise, ...slope }] : []
  })
  const worst = off.reduce((most, each) => (each.cost > most.cost ? each : most), { value: 1, cost: 0 })
  const noises = off.map(({ noise }) => noise)
  const [to, from] = [Math.max(...noises), Math.min(...noises)].map((noise) => short(noise))
  return { total: step * off.reduce((sum, { cost }) => sum + cost, 0), worst: worst.value, range: from === to ? from : `${from} to ${to}` }
}

/** A slope of 0.9 is that of a model 11 % too large, one of 1.1 of a model 9 % too small; one near 0 of a model that has little to do with its target. */
const percentOff = (slope: number): string => (slope < 0.5 ? 'over 100 %' : `${short(100 * Math.abs(1 / slope - 1), 2)} %`)

const short = (value: number, digits = 2): string => String(Number(value.toPrecision(digits)))
