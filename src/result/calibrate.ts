// The noise levels of a fit checked on rows that it has not seen.
import type { Random } from '../base/random.ts'
import { levelDerivativesProgram } from '../compile/level-derivatives.ts'
import type { Standardization } from '../compile/model-file.ts'
import type { Engine } from '../engine/engine.ts'
import { calibrateLadder } from '../evaluate/ladder-calibration.ts'
import type { LadderCalibration } from '../evaluate/ladder-calibration.ts'
import type { Ladder, TracedModel } from '../model/model.ts'

/** Rows computed in one run. */
const CHUNK = 16_384

/** What is calibrated. */
export interface CalibratedFit {
  readonly model: TracedModel
  readonly theta: Float64Array
  readonly scale: Standardization
  readonly ladder: Ladder
  /** Whether the derivative by the noise level was fitted, too. */
  readonly hasSlope: boolean
}

/**
 * Calibration of a fitted ladder.
 * @param rows held out, row-major [n × d], in the data's units
 */
export async function calibrate({ model, theta, scale, ladder, hasSlope }: CalibratedFit, rows: Float64Array, engine: Engine, random: Random): Promise<LadderCalibration | null> {
  const d = model.dimension
  const executable = await engine.prepare(levelDerivativesProgram(model, theta, scale))
  try {
    return await calibrateLadder({
      ladder, deviations: scale.deviation,
      derivatives: async (points, t) => {
        const count = points.length / d
        const [score, slope] = [new Float64Array(points.length), new Float64Array(count)]
        for (let start = 0; start < count; start += CHUNK) {
          const size = Math.min(CHUNK, count - start)
          const part = await executable.run({
            x: { shape: [size, d], data: points.subarray(start * d, (start + size) * d) },
            t: { shape: [size], data: new Float64Array(size).fill(t) },
          })
          score.set(part.score.data, start * d)
          slope.set(part.slope.data, start)
        }
        return { score, slope }
      },
    }, rows, hasSlope, random)
  } finally {
    await executable.release()
  }
}
