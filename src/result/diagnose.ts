// What the report of a parametric fit looks at beyond its numbers: the density of each column, and one column against its rows.
import type { Random } from '../base/random.ts'
import type { Split } from '../data/split.ts'
import type { Table } from '../data/table.ts'
import { clusterInfluences } from '../estimate/sensitivity.ts'
import type { Sensitivity } from '../estimate/sensitivity.ts'
import { thinRows, thinnedRow } from '../estimate/row-moments.ts'
import { weightingOfSome } from '../estimate/weighting.ts'
import { lineDistribution } from '../evaluate/line-distribution.ts'
import { probabilityPlot } from '../evaluate/probability-plot.ts'
import type { ProbabilityPlot } from '../evaluate/probability-plot.ts'
import { isReal } from '../model/domain.ts'
import type { PlacedDomain } from '../model/domain.ts'
import type { RunningEnergy } from '../engine/energy.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import type { BinaryMoments } from '../report/binary-moments.ts'
import { prepareMargins } from '../report/landscape/margins.ts'
import type { Margins } from '../report/landscape/margins.ts'
import { partOf, weightingOfPart } from './assess.ts'

export interface Diagnosis {
  /** The density of each column alone; null for networks, fits with noise, and where there is no density. */
  readonly margins: Margins | null
  /** Rows of one column against the distribution function; null for other tables, and where margins are. */
  readonly probabilities: ProbabilityPlot | null
  /** Shares and pairs of binary columns; null on other domains. */
  readonly binary: BinaryMoments | null
}

/** A fit of which nothing more is looked at. */
export const nothingDiagnosed: Diagnosis = { margins: null, probabilities: null, binary: null }

export interface Diagnosed {
  readonly energy: FittedEnergy
  /** The same without scores, which takes a third of the time. */
  openHeights(): Promise<RunningEnergy>
  readonly table: Table
  readonly split: Split
  readonly domain: PlacedDomain
  readonly sensitivity: Sensitivity
  readonly random: Random
}

/** Rows whose influence is computed. */
const INFLUENCES = 4000
const ROWS = 200_000

export async function diagnoseFit({ energy, openHeights, table, split, domain, sensitivity, random }: Diagnosed): Promise<Diagnosis> {
  const isFlat = domain.parts.every(({ kind }) => kind === 'box')
  const inside = isReal(domain) ? undefined : (point: Float64Array): boolean => domain.parts.every((part) => part.outside(part.columns.map((j) => point[j])) === undefined)
  if (table.columns.length > 1) {
    if (isFlat) return { ...nothingDiagnosed, margins: await prepareMargins(table, { energy, inside, random: random.split('margins') }) }
    const heights = await openHeights()
    const margins = await prepareMargins(table, { energy: heights, domain, random: random.split('margins') })
    await heights.release()
    return { ...nothingDiagnosed, margins }
  }
  // A circle has no first point, from which probabilities would be counted.
  if (!isFlat) return nothingDiagnosed
  // Clusters are looked at whole.
  const rows = partOf(table, 'train', split, table.clusters ? split.trainCount : ROWS)
  const weighting = weightingOfPart(table, 'train', split, rows.length)
  const distribution = await lineDistribution(energy, rows, inside, (points) => sensitivity.logDensitySlopes(points))
  if (distribution === null) return nothingDiagnosed
  const some = thinRows(rows, 1, INFLUENCES)
  const influence = weighting.clusters ? { ofClusters: await clusterInfluences(sensitivity, rows, 1, weighting) }
    : { rows: some, values: await sensitivity.influences(some), weighting: weightingOfSome(weighting, some.length, (k) => thinnedRow(k, rows.length, some.length)) }
  return { ...nothingDiagnosed, probabilities: probabilityPlot({ rows, weighting, distribution, influence, random: random.split('probabilities') }) }
}
