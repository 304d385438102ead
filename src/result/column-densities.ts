// The density of each column under a fit, for the report: from what can be copied to another thread.
import { createRandom } from '../base/random.ts'
import type { Table } from '../data/table.ts'
import type { FittedEnergy } from '../model/fitted-energy.ts'
import { isReal } from '../model/domain.ts'
import type { PlacedDomain } from '../model/domain.ts'
import { prepareMargins } from '../report/landscape/margins.ts'
import type { Margins } from '../report/landscape/margins.ts'

/** Whether columns are looked at one by one, others held; along ways of the domain elsewhere, for which scores are not needed. */
export const isFlat = ({ parts }: PlacedDomain): boolean => parts.every(({ kind }) => kind === 'box')

/** Whether a point lies in a flat domain; undefined where all do. */
export const insideOf = (domain: PlacedDomain): ((point: Float64Array) => boolean) | undefined =>
  (isReal(domain) ? undefined : (point) => domain.parts.every((part) => part.outside(part.columns.map((j) => point[j])) === undefined))

/** @param energy with its scores where the domain is flat */
export function columnDensities(energy: FittedEnergy, table: Table, domain: PlacedDomain, seed: number): Promise<Margins> {
  const random = createRandom(seed).split('diagnosis').split('margins')
  return prepareMargins(table, isFlat(domain) ? { energy, inside: insideOf(domain), random } : { energy, domain, random })
}
