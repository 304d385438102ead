// Whether chains have mixed and how much their draws are worth: rank-normalized split R̂, bulk and tail effective sample size, and
// the Monte Carlo error of the mean (Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021).

/** Draws of one quantity: `at(chain, draw)`. */
export interface Draws {
  readonly chains: number
  readonly draws: number
  at(chain: number, draw: number): number
}

export interface Diagnostics {
  /** Rank-normalized split R̂, the larger of that for location and that for scale; 1 when mixed. Null where it does not exist. */
  readonly rHat: number | null
  /** Effective sample sizes for the bulk and for the 5 and 95 % quantiles. */
  readonly bulk: number | null
  readonly tail: number | null
  readonly mean: number
  /** Standard deviation of the draws. */
  readonly deviation: number
  /** Monte Carlo standard error of the mean: deviation/√(effective sample size of the plain draws). */
  readonly error: number | null
}

/** Half-chains, row by row. */
type Chains = readonly Float64Array[]

/** Above this, §4 of the paper advises not to use the draws. */
export const MIXED = 1.01

/** @param draws at least 4 draws a chain; null diagnostics where there are fewer, or all are equal, or one is not finite */
export function diagnose(draws: Draws): Diagnostics {
  const halves = split(draws)
  const all = Float64Array.from({ length: draws.chains * draws.draws }, (_, k) => draws.at(Math.floor(k / draws.draws), k % draws.draws))
  const mean = all.reduce((sum, x) => sum + x, 0) / all.length
  const deviation = Math.sqrt(all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (all.length - 1))
  const usable = draws.draws >= 4 && all.every(Number.isFinite) && deviation > 0
  if (!usable) return { rHat: null, bulk: null, tail: null, mean, deviation, error: null }
  const sorted = concatenate(halves).sort()
  const normalized = normalizeRanks(halves)
  const middle = quantile(sorted, 0.5)
  const folded = normalizeRanks(halves.map((chain) => chain.map((x) => Math.abs(x - middle))))
  const below = (share: number): number => {
    const limit = quantile(sorted, share)
    return effectiveSize(halves.map((chain) => chain.map((x) => (x <= limit ? 1 : 0))))
  }
  const size = effectiveSize(halves)
  return {
    // A chain that never moved has no spread to compare with: +∞, not unknown.
    rHat: Math.max(potentialScaleReduction(normalized), potentialScaleReduction(folded)),
    bulk: effectiveSize(normalized), tail: Math.min(below(0.05), below(0.95)),
    mean, deviation, error: deviation / Math.sqrt(size),
  }
}

/** Each chain in two halves; the middle draw of an odd number is left out. */
function split({ chains, draws, at }: Draws): Chains {
  const half = Math.floor(draws / 2)
  return Array.from({ length: 2 * chains }, (_, k) => Float64Array.from({ length: half }, (__, i) => at(k >> 1, (k & 1) === 0 ? i : draws - half + i)))
}

function concatenate(chains: Chains): Float64Array {
  const length = chains[0]?.length ?? 0
  const all = new Float64Array(chains.length * length)
  chains.forEach((chain, k) => { all.set(chain, k * length) })
  return all
}

/** Eq. 14: z = Φ⁻¹((r − 3/8)/(S + 1/4)), r the rank among all draws, ties sharing their mean rank. */
function normalizeRanks(chains: Chains): Chains {
  const all = concatenate(chains)
  const order = Uint32Array.from(all.keys()).sort((a, b) => all[a] - all[b])
  const result = new Float64Array(all.length)
  for (let first = 0, last; first < order.length; first = last) {
    last = first + 1
    while (last < order.length && all[order[last]] === all[order[first]]) last++
    const z = normalQuantile(((first + 1 + last) / 2 - 0.375) / (all.length + 0.25))
    for (let k = first; k < last; k++) result[order[k]] = z
  }
  const length = chains[0].length
  return chains.map((_, k) => result.subarray(k * length, (k + 1) * length))
}

const meanOf = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / values.length

/** Variance within chains W and the estimate var⁺ of all (eq. 2 and 3). */
function variances(chains: Chains): { means: Float64Array; within: number; total: number } {
  const n = chains[0].length
  const means = Float64Array.from(chains, meanOf)
  const within = chains.reduce((sum, chain, k) => sum + chain.reduce((squares, x) => squares + (x - means[k]) ** 2, 0) / (n - 1), 0) / chains.length
  const grand = meanOf(means)
  const between = means.reduce((sum, mean) => sum + (mean - grand) ** 2, 0) / Math.max(1, chains.length - 1)
  return { means, within, total: within * (n - 1) / n + between }
}

/** Eq. 4. */
function potentialScaleReduction(chains: Chains): number {
  const { within, total } = variances(chains)
  return within > 0 ? Math.sqrt(total / within) : total > 0 ? Number.POSITIVE_INFINITY : 1
}

/**
 * Eq. 10 to 13: S/τ, τ from the autocorrelations of all chains, summed by Geyer's initial monotone sequence of pairs. A tail
 * that never occurs in half-chains without spread gives as many as there are draws.
 */
function effectiveSize(chains: Chains): number {
  const [m, n] = [chains.length, chains[0].length]
  const { means, within, total } = variances(chains)
  if (!(total > 0)) return m * n
  const centred = chains.map((chain, k) => chain.map((x) => x - means[k]))
  const correlation = (lag: number): number => {
    let covariance = 0
    for (const chain of centred) for (let i = lag; i < n; i++) covariance += chain[i] * chain[i - lag]
    return 1 - (within - covariance / (m * n)) / total
  }
  let sum = 0
  let least = Number.POSITIVE_INFINITY
  let lag = 0
  let even = 1
  for (; lag + 2 < n - 2; lag += 2) {
    if (lag > 0) even = correlation(lag)
    const pair = even + correlation(lag + 1)
    if (!(pair > 0)) break
    least = Math.min(least, pair)
    sum += least
  }
  // The even term after the last pair counts if positive, which serves antithetic chains.
  const rest = lag > 0 && lag < n ? Math.max(0, correlation(lag)) : 0
  const tau = Math.max(2 * sum - 1 + rest, 1 / Math.log10(m * n))
  return m * n / tau
}

/** The share-quantile of sorted values by linear interpolation (Hyndman & Fan's type 7). */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1)
  const low = Math.floor(place)
  return sorted[low] + (place - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low])
}

/** Φ⁻¹ by Acklam's rational approximation, good to 1.2e-9 of its value: ranks are coarser. */
function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p)
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p))
    return (((((-7.784894002430293e-3 * q - 3.223964580411365e-1) * q - 2.400758277161838) * q - 2.549732539343734) * q + 4.374664141464968) * q + 2.938163982698783)
      / ((((7.784695709041462e-3 * q + 3.224671290700398e-1) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1)
  }
  const q = p - 0.5
  const r = q * q
  return (((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r - 30.66479806614716) * r + 2.506628277459239) * q
    / (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r - 13.28068155288572) * r + 1)
}
