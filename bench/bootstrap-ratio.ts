// Standard errors of the sandwich beside those of the bootstrap, for every family: one table of each from known parameters.
//
//   npx jiti bench/bootstrap-ratio.ts [ROWS] [--docs]       (2000; --docs rewrites the section of docs/coverage.md)
import { createRandom } from '../src/base/random.ts'
import { describeReplicates } from '../src/estimate/bootstrap-errors.ts'
import type { Estimator } from '../src/estimate/estimator.ts'
import { pseudoLikelihood } from '../src/estimate/estimators/pseudo-likelihood.ts'
import { ratioMatching } from '../src/estimate/estimators/ratio-matching.ts'
import { scoreMatching } from '../src/estimate/estimators/score-matching.ts'
import { fitParametric } from '../src/estimate/parametric.ts'
import type { ParametricFit } from '../src/estimate/parametric.ts'
import { rowMoments } from '../src/estimate/row-moments.ts'
import { describeParameters } from '../src/estimate/uncertainty.ts'
import { ica } from '../src/model/energies/ica.ts'
import { interaction } from '../src/model/energies/interaction.ts'
import { ising } from '../src/model/energies/ising.ts'
import { kernelAt } from '../src/model/energies/kernel.ts'
import { formulaModel } from '../src/model/formula/formula-model.ts'
import { trace, weightOf } from '../src/model/model.ts'
import type { TracedModel } from '../src/model/model.ts'
import { nodeEngine } from '../src/node/engine.ts'
import { bumps, bumpsTruth, familyCases, fitCase, mixedSources, squareRoots } from '../test/model/family-cases.ts'
import { isingRows, isingTruth } from '../test/sample/ising-fixtures.ts'
import { cases } from './coverage/cases.ts'
import { writeSection } from './sections.ts'

const words = process.argv.slice(2)
const count = Number(words.find((word) => /^\d+$/.test(word)) ?? 2000)
const REPLICATES = 2000
const LEVEL = 0.95
/** What is asked: the two agree within this share. */
const ASKED = 0.1
const options = { random: createRandom(0), bootstrap: REPLICATES }
const engine = nodeEngine({ threads: 1 })

interface Family {
  readonly name: string
  readonly traced: TracedModel
  readonly fit: ParametricFit
}
const fitted = async (name: string, traced: TracedModel, rows: Float64Array, estimator: Estimator = scoreMatching): Promise<Family> => ({ name, traced, fit: await fitParametric(traced, estimator, rows, engine, options) })

async function* families(): AsyncGenerator<Family> {
  for (const [k, each] of familyCases.entries()) yield { name: `${each.model} (${each.truth.join(', ')})`, ...await fitCase(each, count, 100 + k, options) }
  for (const size of [count, 4 * count]) {
    const mixed = mixedSources(size, 'ratio')
    const about = { dimension: 2, covariance: rowMoments(mixed, 2).covariance, ladder: undefined, rows: () => mixed, moments: () => rowMoments(mixed, 2) }
    yield fitted(`ica, ${size} rows`, trace(ica.forRows!(about), 2), mixed)
  }
  yield fitted('kernel', trace(kernelAt(bumpsTruth.setting), 1), bumps(count, 'ratio'))
  const roots = interaction()
  yield fitted('interaction', trace(roots, roots.domain.over(['a', 'b']), { weight: weightOf(roots), scales: [1, 1] }), squareRoots(count, 'ratio'))
  for (const estimator of [pseudoLikelihood, ratioMatching]) yield fitted(`ising by ${estimator.name}`, trace(ising, 4), isingRows(isingTruth(4, 1), 4, count, 1), estimator)
  const formula = cases.find(({ name }) => name === 'formula')!
  yield fitted('formula', trace(formulaModel('-k*(x - mu)^2/2 - a*(x - mu)^4', { columns: ['x'], parameters: 'k = 0, mu = 0, a > 0' }), 1), formula.draw(createRandom('ratio'), count))
}

const percent = (ratio: number): string => `${ratio >= 1 ? '+' : '−'}${Math.abs(100 * (ratio - 1)).toFixed(1)} %`
const lines = [
  `Written by \`npx jiti bench/bootstrap-ratio.ts --docs\`: one table of ${count} rows of each family, ${REPLICATES} replicates, whose standard deviation is itself known to ${(100 / Math.sqrt(2 * REPLICATES)).toFixed(1)} %. How much larger the bootstrap's standard error is than the sandwich's, least and most over the parameters, natural and reported. Asked is within ${100 * ASKED} %; what lies outside is in bold.`, '',
  '| family | parameters | least | most | at |', '|---|--:|--:|--:|---|',
]
let outside = 0
for await (const { name, traced, fit } of families()) {
  const { parameters } = describeParameters(traced, fit, LEVEL)
  const replicates = describeReplicates(traced, fit.replicates!, parameters, LEVEL)
  const ratios = parameters.flatMap(({ name: of, standardError }, k) => {
    const other = replicates.parameters[k].standardError
    return standardError === null || other === null || standardError === 0 ? [] : [{ of, ratio: other / standardError }]
  }).sort((a, b) => a.ratio - b.ratio)
  const shown = ({ ratio }: { ratio: number }): string => (Math.abs(ratio - 1) > ASKED ? `**${percent(ratio)}**` : percent(ratio))
  const farthest = ratios.reduce((a, b) => (Math.abs(Math.log(b.ratio)) > Math.abs(Math.log(a.ratio)) ? b : a))
  outside += ratios.filter(({ ratio }) => Math.abs(ratio - 1) > ASKED).length
  lines.push(`| ${name} | ${ratios.length} | ${shown(ratios[0])} | ${shown(ratios.at(-1)!)} | \`${farthest.of}\` |`)
  console.log(lines.at(-1), fit.replicates!.failed > 0 ? `${fit.replicates!.failed} failed` : '')
}
console.log(outside === 0 ? `all within ${100 * ASKED} %` : `${outside} outside`)
if (words.includes('--docs')) writeSection('docs/coverage.md', 'bootstrap', lines.join('\n'))
