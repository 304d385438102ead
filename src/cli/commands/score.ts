// `unnorm score`: every row, its own columns kept, with its log-density and score.
import { UnnormError } from '../../base/errors.ts'
import { defineCommand } from '../command.ts'
import { dataArgument, dataOptions, requireData, threadsOption } from '../data-options.ts'
import { checkOutput, modelArgument, outOption, withModelAndData, writeRows } from '../model-rows.ts'

export const command = defineCommand({
  arguments: { model: modelArgument, data: dataArgument },
  options: { out: outOption, ...dataOptions, threads: threadsOption },
  details: `Adds log_density (unnormalized_log_density where log Z is unknown) and score_<column>, the gradient of the log-density, in the data's units.

Example:
  unnorm score runs/iris-gaussian new-flowers.csv -o scored.csv`,
  async run(context, { model, data }, options) {
    requireData(data, options, 'score')
    await checkOutput(options.out)
    return withModelAndData(context, model, data, options, async (opened, rows) => {
      const { energy, metadata } = opened
      context.progress.phase(`computing the score of ${rows.table.rows} rows`)
      const { energy: energies, score } = await energy.evaluate(rows.table.values)
      const logZ = metadata.logNormalizer?.value
      const d = metadata.columns.length
      const newColumns = [
        { name: logZ === undefined ? 'unnormalized_log_density' : 'log_density', values: energies.map((value) => -value - (logZ ?? 0)) },
        ...metadata.columns.map((column, j) => ({ name: `score_${column}`, values: Float64Array.from(energies, (_, row) => score[row * d + j]) })),
      ]
      const undefinedRows = energies.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0)
      if (undefinedRows === energies.length) throw new UnnormError('energy-not-finite', `the energy of ${model} is not a finite number at any of the ${energies.length} rows of ${rows.table.source} (are they in the units of the fit?)`)
      if (undefinedRows > 0) context.warn({ code: 'energy-not-finite', message: `the energy is not a finite number at ${undefinedRows} of ${energies.length} rows; they are written as they are` })
      return writeRows(context, rows, newColumns, options.out)
    })
  },
})
