// How well intervals cover and how much is lost by each boundary weight: `npx jiti bench/boundary-weights.ts [TABLES] [ROWS]`.
//
// For tables simulated from known parameters: n times the mean squared error of each estimate, beside what maximum likelihood has in
// the limit where that is known, and how many 95 % intervals cover the truth.
import { createRandom } from '../src/base/random.ts'
import type { Random } from '../src/base/random.ts'
import { boundaryScales } from '../src/data/domain-rows.ts'
import { scoreMatching } from '../src/estimate/estimators/score-matching.ts'
import { fitParametric } from '../src/estimate/parametric.ts'
import { domain } from '../src/model/domain.ts'
import { parseBoundaryWeight } from '../src/model/domain/weight-text.ts'
import { builtInModels } from '../src/model/energies/index.ts'
import { trace, weightOf } from '../src/model/model.ts'
import { nodeEngine } from '../src/node/engine.ts'
import { gammaDraw } from '../test/model/family-cases.ts'

const [tables, rows] = [Number(process.argv[2] ?? 500), Number(process.argv[3] ?? 2000)]
const engine = nodeEngine({ threads: 1 })

const shares = (parts: readonly number[]): number[] => parts.map((part) => part / parts.reduce((a, b) => a + b))
const onInterval = ['(x/(x + s))^2', 'x/(x + s)', 'min((x/s)^2, 1)', 'min(log(1 + x/s), 1)', 'min(x, 3)']
const onSimplex = ['minsq(0.3)', 'minsq(0.1)', 'minsq(0.01)', 'minsq(1)', 'prodsq(0.1)']
const cases = [
  { model: 'exponential', columns: ['x'], truth: [1], best: [1], weights: onInterval, draw: (random: Random) => [-Math.log(1 - random.uniform())] },
  // The inverse of the information [ψ′(shape), −1/rate; −1/rate, shape/rate²].
  { model: 'gamma', columns: ['x'], truth: [0.7, 1], best: [0.711, 2.876], weights: onInterval, draw: (random: Random) => [gammaDraw(random, 0.7)] },
  { model: 'gamma', columns: ['x'], truth: [3, 1], best: [16.22, 2.135], weights: onInterval, draw: (random: Random) => [gammaDraw(random, 3)] },
  { model: 'beta', columns: ['x'], truth: [0.7, 2.5], best: [], weights: onInterval, draw: (random: Random) => shares([gammaDraw(random, 0.7), gammaDraw(random, 2.5)]).slice(0, 1) },
  { model: 'truncated-gaussian', columns: ['x'], truth: [1, 0], best: [], weights: onInterval, draw: (random: Random) => [Math.abs(random.normal())] },
  { model: 'dirichlet', columns: ['a', 'b', 'c'], truth: [0.7, 2, 4], best: [], weights: onSimplex, draw: (random: Random) => shares([0.7, 2, 4].map((alpha) => gammaDraw(random, alpha))) },
] as const

for (const { model, columns, truth, best, weights, draw } of cases) {
  const source = builtInModels[model].make({})
  const placed = domain(source.domain.name).over(columns)
  console.log(`\n${model} (${truth.join(', ')}), ${tables} tables of ${rows} rows${best.length > 0 ? `; maximum likelihood: ${best.join(', ')}` : ''}`)
  for (const text of weights) {
    const weight = await parseBoundaryWeight(text, placed, weightOf(source))
    const random = createRandom(1)
    const squares = truth.map(() => 0)
    const covered = truth.map(() => 0)
    for (let t = 0; t < tables; t++) {
      const values = Float64Array.from(Array.from({ length: rows }, () => draw(random)).flat())
      const scales = boundaryScales(placed, { source: '', columns, rows, values, rowsRead: rows, columnsLeftOut: [] })
      const { theta, covariance } = await fitParametric(trace(source, placed, { weight, scales }), scoreMatching, values, engine, { random: createRandom(0) })
      truth.forEach((value, k) => {
        const off = theta[k] - value
        squares[k] += rows * off * off / tables
        if (covariance && Math.abs(off) < 1.959964 * Math.sqrt(covariance[k * (truth.length + 1)])) covered[k] += 100 / tables
      })
    }
    console.log(`  ${text.padEnd(22)} n·MSE ${squares.map((value) => value.toPrecision(4)).join('  ')}   coverage ${covered.map((value) => `${value.toFixed(1)} %`).join('  ')}`)
  }
}
