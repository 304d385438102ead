// `unnorm compare`: runs side by side on the rows they share, differences with paired standard errors.
import { UnnormError } from '../../base/errors.ts'
import type { Options } from '../../base/options.ts'
import { defineCommand } from '../command.ts'
import { threadsOption } from '../data-options.ts'

export const command = defineCommand({
  arguments: { runs: { placeholder: 'RUN', sentence: 'run folders that unnorm fit wrote, two or more, fitted to the same rows', required: true, repeated: true } },
  options: { threads: threadsOption } satisfies Options,
  details: `Differences are those from the first run, mean per row with the standard error of the paired difference: on the held-out rows where all runs held out the same ones, else on all rows, where a model with more parameters looks better than it is. Objectives are compared where they are of one kind (the same estimator, noise and units), log-likelihoods where log Z is known. Lower objectives and higher log-likelihoods are better.

Example:
  unnorm fit iris.csv --model gaussian --holdout 0.2 --out runs/full
  unnorm fit iris.csv --model gaussian --holdout 0.2 --fix "precision[1,4] = 0" --out runs/zero
  unnorm compare runs/full runs/zero`,
  async run(context, { runs }, { threads }) {
    if (runs.length < 2) throw new UnnormError('missing-argument', 'missing RUN: two or more run folders are compared (see unnorm compare --help)', 'usage')
    const [{ compareRuns }, { comparisonText }] = await Promise.all([import('../run-comparison.ts'), import('../comparison-text.ts')])
    context.progress.phase(`comparing ${runs.length} runs`)
    const comparison = await compareRuns(runs, threads)
    for (const warning of comparison.warnings) context.warn(warning)
    return { json: comparison, text: comparisonText(comparison), kind: 'answer' }
  },
})
