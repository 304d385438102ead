// What the report of a parametric fit looks at beyond its numbers: the density of each column, and one column against its rows.
import { compileOnnx } from '../compile/onnx.ts'
import type { Program } from '../compile/program.ts'
import type { Split } from '../data/split.ts'
import type { Table } from '../data/table.ts'
import { clusterInfluences } from '../estimate/sensitivity.ts'
import type { Sensitivity } from '../estimate/sensitivity.ts'
import { thinRows, thinnedRow } from '../estimate/row-moments.ts'
import { weightingOfSome } from '../estimate/weighting.ts'
import { lineDistribution } from '../evaluate/line-distribution.ts'
import type { ProbabilityPlot } from '../evaluate/probability-plot.ts'
import type { PlacedDomain } from '../model/domain.ts'
import { runEnergy } from '../engine/energy.ts'
import type { RunningEnergy } from '../engine/energy.ts'
import type { Engine } from '../engine/engine.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import type { BinaryMoments } from '../report/binary-moments.ts'
import type { Margins } from '../report/landscape/margins.ts'
import { begin } from './apart.ts'
import type { Apart, ProbabilityPlotWork } from './apart.ts'
import { partOf, weightingOfPart } from './assess.ts'
import { columnDensities, insideOf, isFlat } from './column-densities.ts'

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
  /** The program of the energy, with output `score`. */
  readonly program: Program
  readonly engine: Engine
  readonly table: Table
  readonly split: Split
  readonly domain: PlacedDomain
  readonly sensitivity: Sensitivity
  readonly seed: number
  readonly apart: Apart | undefined
}

/** Rows whose influence is computed. */
const INFLUENCES = 4000
const ROWS = 200_000

/** Begins what can be done apart, and gives what waits for it; all of it is done there where there is no such place. */
export async function beginDiagnosis(fit: Diagnosed): Promise<() => Promise<Diagnosis>> {
  const { apart, table, domain, program, seed } = fit
  if (table.columns.length === 1) {
    // A circle has no first point, from which probabilities would be counted.
    if (!isFlat(domain)) return async () => nothingDiagnosed
    const look = async (): Promise<() => Promise<ProbabilityPlot | null>> => {
      const work = await plotWork(fit)
      return work === null ? async () => null : begin(apart, 'probabilities', work)
    }
    const begun = apart && await look()
    return async () => ({ ...nothingDiagnosed, probabilities: await (begun ?? await look())() })
  }
  const needed = isFlat(domain) ? program : { ...program, outputs: { energy: program.outputs.energy } }
  if (apart) {
    const margins = begin(apart, 'margins', { table, domain: domain.text, model: compileOnnx(needed), seed })
    return async () => ({ ...nothingDiagnosed, margins: await margins() })
  }
  return async () => {
    // Without scores heights take two thirds of the time.
    const energy = isFlat(domain) ? fit.energy : await runEnergy(needed, table.columns, fit.engine)
    try {
      return { ...nothingDiagnosed, margins: await columnDensities(energy, table, domain, seed) }
    } finally {
      if (energy !== fit.energy) await (energy as RunningEnergy).release()
    }
  }
}

/** What the probability plot of a column is made from; null where there is no distribution. */
async function plotWork({ energy, table, split, domain, sensitivity, seed }: Diagnosed): Promise<ProbabilityPlotWork | null> {
  // Clusters are looked at whole.
  const rows = partOf(table, 'train', split, table.clusters ? split.trainCount : ROWS)
  const weighting = weightingOfPart(table, 'train', split, rows.length)
  const distribution = await lineDistribution(energy, rows, insideOf(domain), (points) => sensitivity.logDensitySlopes(points))
  if (distribution === null) return null
  const some = thinRows(rows, 1, INFLUENCES)
  const influence = weighting.clusters ? { ofClusters: await clusterInfluences(sensitivity, rows, 1, weighting) }
    : { rows: some, values: await sensitivity.influences(some), weighting: weightingOfSome(weighting, some.length, (k) => thinnedRow(k, rows.length, some.length)) }
  return { rows, weighting, distribution, influence, seed }
}
