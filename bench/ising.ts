// What pseudo-likelihood and ratio matching lose against maximum likelihood: summed asymptotic variances of Ising models, exact by sums
// over all rows. npx jiti bench/ising.ts [spins] [models of each kind]
import { choleskyDecompose, invertLower, multiply, transpose } from '../src/base/linear-algebra.ts'
import { createRandom } from '../src/base/random.ts'

const [d = 6, models = 20] = process.argv.slice(2).map(Number)
const pairs = Array.from({ length: d }, (_, i) => i).flatMap((i) => Array.from({ length: d - i - 1 }, (_, k) => [i, i + 1 + k]))
const size = d + pairs.length
const rows = Array.from({ length: 2 ** d }, (_, k) => Array.from({ length: d }, (__, j) => ((k >> j) & 1 ? 1 : -1)))
const statistics = rows.map((s) => [...s, ...pairs.map(([i, j]) => s[i] * s[j])])
const flips = rows.map((_, k) => Array.from({ length: d }, (__, i) => k ^ (1 << i)))

function inverse(matrix: Float64Array): Float64Array {
  const lower = invertLower(choleskyDecompose(matrix, size)!, size)
  return multiply(transpose(lower, size, size), lower, size, size, size)
}
const trace = (matrix: Float64Array): number => matrix.reduce((sum, value, e) => (e % (size + 1) === 0 ? sum + value : sum), 0)
const dot = (a: ArrayLike<number>, b: readonly number[]): number => b.reduce((sum, value, k) => sum + value * a[k], 0)

/** Tr A⁻¹BA⁻¹ of an objective Σᵢ f(Δᵢ), from f′ and f″. */
function variance(theta: Float64Array, p: readonly number[], first: (delta: number) => number, second: (delta: number) => number): number {
  const [a, b] = [new Float64Array(size * size), new Float64Array(size * size)]
  rows.forEach((_, k) => {
    const gradient = new Float64Array(size)
    for (const other of flips[k]) {
      const change = statistics[other].map((value, e) => value - statistics[k][e])
      const delta = dot(theta, change)
      for (let m = 0; m < size; m++) {
        gradient[m] += first(delta) * change[m]
        for (let n = 0; n < size; n++) a[m * size + n] += p[k] * second(delta) * change[m] * change[n]
      }
    }
    for (let m = 0; m < size; m++) for (let n = 0; n < size; n++) b[m * size + n] += p[k] * gradient[m] * gradient[n]
  })
  const bread = inverse(a)
  return trace(multiply(multiply(bread, b, size, size, size), bread, size, size, size))
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x))
const slope = (x: number): number => logistic(x) * logistic(-x)
for (const coupling of [0.1, 0.25, 0.5]) {
  const [pseudo, ratio]: number[][] = [[], []]
  for (let model = 0; model < models; model++) {
    const random = createRandom(0).split(model)
    const theta = Float64Array.from({ length: size }, (_, k) => (k < d ? 0.4 : coupling) * random.normal())
    const weights = statistics.map((own) => Math.exp(dot(theta, own)))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const p = weights.map((weight) => weight / total)
    const mean = statistics[0].map((_, m) => p.reduce((sum, own, k) => sum + own * statistics[k][m], 0))
    const information = Float64Array.from({ length: size * size }, (_, e) => p.reduce((sum, own, k) => sum + own * (statistics[k][Math.floor(e / size)] - mean[Math.floor(e / size)]) * (statistics[k][e % size] - mean[e % size]), 0))
    const best = trace(inverse(information))
    pseudo.push(variance(theta, p, logistic, slope) / best)
    ratio.push(variance(theta, p, (x) => 2 * logistic(x) * slope(x), (x) => 2 * slope(x) ** 2 + 2 * logistic(x) * slope(x) * (1 - 2 * logistic(x))) / best)
  }
  const median = (values: number[]): string => values.sort((x, y) => x - y)[Math.floor(values.length / 2)].toFixed(3)
  console.log(`couplings of ${coupling}: pseudo-likelihood ${median(pseudo)}, ratio matching ${median(ratio)} times the variance of maximum likelihood (median of ${models} models of ${d} spins)`)
}
