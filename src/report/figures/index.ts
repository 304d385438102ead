// All figures that a fit is drawn in.
import type { Figure } from '../figure.ts'
import { binary } from './binary.ts'
import { columns } from './columns.ts'
import { correlations } from './correlations.ts'
import { densityAndScore } from './density-and-score.ts'
import { ladderCalibration } from './ladder-calibration.ts'
import { learnedAndSample } from './learned-and-sample.ts'
import { parameters } from './parameters.ts'
import { quantiles } from './quantiles.ts'
import { trainingCurve } from './training-curve.ts'

/** Every figure, in the order of the report. */
export const figures: readonly Figure[] = [densityAndScore, binary, learnedAndSample, trainingCurve, ladderCalibration, quantiles, columns, parameters, correlations]
