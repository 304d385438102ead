// `unnorm models`: what `--model` can name.
import { defaultWords, flagWords, rangeWords } from '../../base/options.ts'
import { builtInModels } from '../../model/energies/index.ts'
import { wrapText } from '../../report/format.ts'
import { defineCommand } from '../command.ts'

export const command = defineCommand({
  arguments: {},
  options: {},
  details: 'A model of your own is a file: unnorm fit DATA --model ./my-model.ts, which exports defineModel({ name, parameters, logDensity }).',
  run: async (context) => {
    const models = Object.entries(builtInModels).map(([name, { sentence, formula, kind, options }]) => ({
      name, sentence, kind, logDensity: formula,
      options: Object.entries(options).map(([option, record]) => ({
        name: option, flag: flagWords(option, record), default: record.default ?? null, range: rangeWords(record), sentence: record.sentence,
      })),
    }))
    const width = Math.min(context.output.columns, 100) - 4
    const indented = (text: string): string[] => wrapText(text, width).map((line, k) => (k === 0 ? `  ${line}` : `    ${line}`))
    const text = models.map(({ name, sentence, kind, logDensity, options }) => [
      `${name} (${kind})`, ...indented(sentence), ...indented(`log p(x) = ${logDensity} − log Z`),
      ...options.flatMap(({ name: option, flag, range, sentence: what }) => indented(`${flag}  ${what} (${range}; default ${defaultWords(builtInModels[name].options[option])})`)),
    ].join('\n')).join('\n\n')
    return { json: { models }, text, kind: 'answer' }
  },
})
