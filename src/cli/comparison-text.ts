// The comparison of runs as a table of aligned columns.
import { formatCount, formatWithError, plainText, shorten } from '../report/format.ts'
import type { MeanWithError } from '../evaluate/mean-with-error.ts'
import type { Comparison } from './run-comparison.ts'

/** The lines a terminal shows. */
export function comparisonText({ rows, rowsAre, runs }: Comparison): string {
  const words = (mean: MeanWithError | null | undefined, none: string): string => (mean ? formatWithError(mean.value, Number.isFinite(mean.standardError) ? mean.standardError : null) : none)
  const lines = [
    ['run', 'model', 'parameters', 'objective', 'less the first', 'log-likelihood', 'less the first'],
    ...runs.map(({ run, model, estimator, parameterCount, objective, logLikelihood, difference }) => [
      shorten(plainText(run), 30), `${plainText(model)} by ${estimator}`, formatCount(parameterCount),
      words(objective, 'unknown'), difference === null ? '' : words(difference.objective, '–'),
      words(logLikelihood, 'unknown'), difference === null ? '' : words(difference.logLikelihood, '–'),
    ]),
  ]
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => [...line[column]].length)))
  const table = lines.map((line) => line.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('   ').trimEnd())
  const over = `${formatCount(rows)} ${rowsAre === 'held-out' ? 'held-out rows' : 'rows, all of them training rows'}`
  return [...table, '', `Means per row over ${over}.`, 'Lower objective and higher log-likelihood are better.'].join('\n')
}
