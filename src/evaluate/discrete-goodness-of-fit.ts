// The kernel Stein test of binary rows (Yang, Liu, Rao & Neville 2018): differences along flips take the place of gradients.
//
// Let ¬ᵢx be x with value i flipped, and rᵢ = p(¬ᵢx)/p(x), in which Z cancels. Flips come in pairs, so that f(¬ᵢx) − rᵢ(x)f(x) has mean
// zero under p for every f, their difference Stein operator. The ratio has no bound, and with f as it stands the wild bootstrap rejected
// true models (docs/decisions.md). So f is p(xᵢ | others) g, as a boundary weight tames log x: what is left is qᵢ(x)[g(¬ᵢx) − g(x)],
// qᵢ = rᵢ/(1 + rᵢ) the probability of the flipped value given the others. Applied to a kernel in both of its rows,
// u(x, y) = Σᵢ qᵢ(x)qᵢ(y)[k(x, y) − k(¬ᵢx, y) − k(x, ¬ᵢy) + k(¬ᵢx, ¬ᵢy)]. The kernel is k = exp(−γH), H the number of values in which x
// and y differ; the bracket is then 2k(1 − exp(∓γ)), − where they agree in value i.
import { UnnormError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import { rowsToTest, wildBootstrap } from './goodness-of-fit.ts'
import type { GoodnessOfFit, GoodnessOfFitOptions } from './goodness-of-fit.ts'
import { conditionalLogOdds } from './log-odds.ts'

// γ = 4/d (theirs is 1/d). Of 1/d, 2/d, 4/d and 8/d it had the most power, or nearly so, over couplings left out of three and five
// columns, weak ones of all pairs or one alone (docs/decisions.md), and is as good over wrong shares. A γ that is not smaller for more
// columns sees only rows that are alike.
const KERNEL_SCALE = 4

/**
 * Tests the hypothesis that rows of two values a column are independent draws of the fitted probabilities.
 *
 * Signs leave the terms u(xᵢ, xᵢ) as they are, so that the p-value is that of their U-statistic too. As with gradients it is calibrated
 * for rows that the fit has not seen; on its own training rows the test is conservative.
 * @param rows row-major [n × d] of 0 or −1, and 1, n ≥ 2
 * @throws UnnormError `score-not-finite` where log-odds are no numbers; `too-few-rows`
 */
export async function discreteSteinTest(
  energy: FittedEnergy, rows: Float64Array, random: Random, options: Omit<GoodnessOfFitOptions, 'spheres'> = {},
): Promise<GoodnessOfFit> {
  const d = energy.columns.length
  const { rows: used, count, weighting } = rowsToTest(rows, d, options)
  const isHigh = Uint8Array.from(used, (value) => (value === 1 ? 1 : 0))
  const logOdds = await conditionalLogOdds(energy, used)
  const flips = logOdds.map((value, e) => 1 / (1 + Math.exp(isHigh[e] === 1 ? value : -value)))
  const bad = flips.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) {
    const row = Math.floor(bad / d)
    throw new UnnormError('score-not-finite', `no test of goodness of fit: the log-odds of ${energy.columns[bad % d]} in the row (${Array.from(used.subarray(row * d, (row + 1) * d)).join(', ')}) are ${logOdds[bad]}`)
  }
  return { test: 'discrete-kernel-stein', ...wildBootstrap(steinMatrix(isHigh, flips, d), count, weighting, random, options.draws), rows: count }
}

/**
 * u(xᵢ, xₖ) for all pairs, row-major [n × n].
 * @param flips qᵢ of every value, row-major [n × d]
 */
function steinMatrix(isHigh: Uint8Array, flips: Float64Array, d: number): Float64Array {
  const count = flips.length / d
  const gamma = KERNEL_SCALE / d
  const [alike, apart] = [-2 * Math.expm1(-gamma), -2 * Math.expm1(gamma)]
  const matrix = new Float64Array(count * count)
  for (let i = 0; i < count; i++) {
    for (let k = 0; k <= i; k++) {
      let different = 0
      let sum = 0
      for (let j = 0; j < d; j++) {
        const agrees = isHigh[i * d + j] === isHigh[k * d + j]
        if (!agrees) different++
        sum += (agrees ? alike : apart) * flips[i * d + j] * flips[k * d + j]
      }
      matrix[i * count + k] = matrix[k * count + i] = sum * Math.exp(-gamma * different)
    }
  }
  return matrix
}
