// The objective that a run minimized, of each of some rows; draws of noise are averaged.
import type { Random } from '../base/random.ts'
import type { OpenedModel } from '../node/open-model.ts'
import { openObjective } from '../node/open-model.ts'

/** Draws of the noise for each row, in pairs ±z: as many as a fit takes, fewer where rows are many. */
const MOST_DRAWS = 32
const ROWS_TIMES_DRAWS = 2_000_000

/**
 * The objective of each row, in the units of the fit; null where the run did not keep it.
 * @param rows row-major [n × d]
 * @param random the same stream gives the same draws, so that two runs of one objective can be compared row by row
 */
export async function objectiveOfRows({ folder, metadata }: OpenedModel, rows: Float64Array, threads: number | undefined, random: Random): Promise<Float64Array | null> {
  const objective = folder === null ? null : await openObjective(folder, metadata.columns.length, threads === undefined ? {} : { threads })
  if (objective === null) return null
  try {
    if (objective.drawsPerRow === 0) return await objective.perRow(rows, null)
    const total = new Float64Array(rows.length / metadata.columns.length)
    const draws = new Float64Array(total.length * objective.drawsPerRow)
    const levels = new Float64Array(total.length)
    const count = Math.max(2, Math.min(MOST_DRAWS, 2 * Math.floor(ROWS_TIMES_DRAWS / total.length / 2)))
    for (let draw = 0; draw < count; draw++) {
      if (draw % 2 === 0) {
        random.split(draw).fillNormal(draws)
        random.split(draw).split('levels').fillUniform(levels)
      } else {
        draws.forEach((z, k) => { draws[k] = -z })
      }
      const values = await objective.perRow(rows, { normal: draws, uniform: levels })
      values.forEach((value, k) => { total[k] += value / count })
    }
    return total
  } finally {
    await objective.release()
  }
}
