// `unnorm estimators`: what `--by` can name.
import { wrapText } from '../../report/format.ts'
import { estimators } from '../../result/estimators.ts'
import { defineCommand } from '../command.ts'

export const command = defineCommand({
  arguments: {},
  options: {},
  details: 'Parametric models are estimated by score-matching and networks by denoising unless --by says otherwise.',
  run: async (context) => {
    const list = Object.entries(estimators).map(([name, { sentence, tex }]) => ({ name, sentence, objective: tex }))
    const width = Math.min(context.output.columns, 100) - 4
    const text = list.map(({ name, sentence, objective }) => [name, ...wrapText(sentence, width).map((line) => `  ${line}`), `  ${objective}`].join('\n')).join('\n\n')
    return { json: { estimators: list }, text, kind: 'answer' }
  },
})
