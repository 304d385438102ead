// The objective over a table: second derivatives written out one by one, and along directions.
import { expect, test } from 'vitest'
import { integrateNoise } from '../../src/estimate/integrate-noise.ts'
import { scoreMatching } from '../../src/estimate/estimators/score-matching.ts'
import { openFullBatch, wholeSpace } from '../../src/estimate/full-batch.ts'
import { weightingOf } from '../../src/estimate/weighting.ts'
import { createRandom } from '../../src/base/random.ts'
import { formulaModel } from '../../src/model/formula/formula-model.ts'
import { trace } from '../../src/model/model.ts'
import { engines, expectClose, normalRows } from './parametric-fixtures.ts'

test.each(engines)('a Hessian is the same in two ways, and the slope of the gradient ($name)', async (engine) => {
  const traced = trace(formulaModel('-a*(y - b*x^2)^2 - c*x^2 + sin(k*x) - a*b*k', { columns: ['x', 'y'] }), 2)
  const objective = integrateNoise(traced, scoreMatching.objective(traced, undefined), { random: createRandom(0) })
  // More rows than one chunk holds where the engine is quick, and rows that count differently.
  const count = engine.name === 'onnx' ? 20_000 : 300
  const weights = Float64Array.from({ length: count }, (_, k) => 0.5 + (k % 3) / 2)
  const batch = openFullBatch(traced, objective, normalRows(count, 2, 'hessian'), engine, undefined, weightingOf({ weights: { values: weights } }, count, (k) => k))
  const theta = Float64Array.of(1.2, 0.4, 0.7, -0.9)
  const [elsewhere, alone] = [theta.map((value) => value + 0.1), await batch.gradientSquares(theta)]
  const written = await batch.hessian(theta)
  // The same sums from the pass that also made the Hessian, and none of another point.
  expectClose(await batch.gradientSquares(theta), alone, 1e-12, 'squares')
  await batch.hessian(elsewhere)
  expectClose(await batch.gradientSquares(theta), alone, 1e-12, 'squares')
  expectClose(written, await batch.hessian(theta, wholeSpace(4)), 1e-10, 'Hessian')
  const step = 1e-5
  for (let k = 0; k < 4; k++) {
    const [above, below] = await Promise.all([step, -step].map((by) => batch.evaluate(theta.map((value, e) => value + (e === k ? by : 0)))))
    for (let j = 0; j < 4; j++) expect(written[k * 4 + j]).toBeCloseTo((above.gradient[j] - below.gradient[j]) / (2 * step), 5)
  }
  await batch.release()
})
