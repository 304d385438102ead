// `unnorm estimators`: what `--by` can name.
import { wrapText } from '../../report/format.ts'
import { estimators } from '../../result/estimators.ts'
import { defineCommand } from '../command.ts'

export const command = defineCommand({
  arguments: {},
  options: {},
  details: 'Parametric models are estimated by score-matching (of binary columns by pseudo-likelihood) and networks by dual unless --by says otherwise.',
  run: async (context) => {
    const list = Object.entries(estimators).map(([name, { sentence, formula, tex }]) => ({ name, sentence, formula, tex }))
    const width = Math.min(context.output.columns, 100) - 4
    const text = list.map(({ name, sentence, formula }) => [name, ...[sentence, formula].flatMap((part) => wrapText(part, width)).map((line) => `  ${line}`)].join('\n')).join('\n\n')
    return { json: { estimators: list }, text, kind: 'answer' }
  },
})
