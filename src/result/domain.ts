// The domain of a fit: the model's own or the one that is asked for, its boundary weight, and the rows brought to it.
import { UnnormError } from '../base/errors.ts'
import type { Warning } from '../base/errors.ts'
import { boundaryScales, checkDomain, closeRows, pointTable, withoutZeros } from '../data/domain-rows.ts'
import type { Table } from '../data/table.ts'
import { domain as domainOf, isEncoded, liesWithin } from '../model/domain.ts'
import type { PlacedDomain } from '../model/domain.ts'
import type { Boundary } from '../model/domain/boundary-weight.ts'
import { weightWords } from '../model/domain/boundary-weight.ts'
import { parseBoundaryWeight } from '../model/domain/weight-text.ts'
import { ownDomain, weightOf } from '../model/model.ts'
import type { Model } from '../model/model.ts'

export interface DomainRequest {
  /** As it is written; the model's own when left out. */
  readonly domain?: string | undefined
  readonly boundaryWeight?: string | undefined
  readonly close?: boolean | undefined
}

export interface DomainSetting {
  readonly domain: PlacedDomain
  /** Whether it is the model's own, where what the family knows of its log Z holds. */
  readonly isOwn: boolean
  readonly boundary: Boundary
  /** The weight in words; null where the domain has no use for one. */
  readonly boundaryWeight: string | null
  /** The rows in the data's columns, closed if that was asked for. */
  readonly table: Table
  /** What the model sees of them; the same table where no column is an angle or binary. */
  readonly points: Table
  readonly warnings: readonly Warning[]
}

/**
 * Settles where a fit takes place.
 * @throws UnnormError `formula`, `invalid-domain`, `unknown-column`, `outside-domain`, `invalid-boundary-weight`, `invalid-option`
 */
export async function settleDomain(model: Model, given: Table, request: DomainRequest): Promise<DomainSetting> {
  const { domain, isOwn } = placedDomain(model, given.columns, request.domain)
  const table = request.close ? closeRows(domain, given) : given
  checkDomain(domain, table)
  const { points, zeros } = withoutZeros(domain, pointTable(domain, table))
  const otherwise = weightOf(model)
  const weight = request.boundaryWeight === undefined ? otherwise : await parseBoundaryWeight(request.boundaryWeight, domain, otherwise)
  if (zeros > 0 && !weight.simplex.of) {
    throw new UnnormError('outside-domain', `${table.source}: ${zeros} of ${table.rows} rows have a part that is zero, where the objective has no limit without a boundary weight (leave --boundary-weight none out)`)
  }
  const kinds = new Set(domain.parts.flatMap(({ kind, sides }) => (kind !== 'binary' && (sides.length > 0 || (kind === 'sphere' && weight.sphere.of)) ? [kind] : [])))
  return { domain, isOwn, boundary: { weight, scales: boundaryScales(domain, points) }, boundaryWeight: weightWords(weight, kinds), table, points, warnings: zeros > 0 ? [zeroParts(zeros, table)] : [] }
}

const zeroParts = (zeros: number, { rows }: Table): Warning => ({
  code: 'zero-parts',
  message: `${zeros} of ${rows} rows have a part that is zero. No continuous density has such rows; the objective takes its limit there, and log p has none, so that the log-likelihood is that of the density's pole or infinite. Parameters of log x for such a part rest on how zeros came about: hold them with --fix if they are known.`,
})

/** The domain that is asked for, if the model can live there, and whether it is the model's own. */
function placedDomain(model: Model, columns: readonly string[], asked: string | undefined): { domain: PlacedDomain; isOwn: boolean } {
  const own = ownDomain(model, columns)
  const domain = asked === undefined ? own : domainOf(asked).over(columns)
  if (domain.text === own.text) return { domain: own, isOwn: true }
  // What a model says of its columns it says of the coordinates that angles stand for.
  const over = isEncoded(own) ? columns : domain.coordinates
  const outer = (model.within ?? model.domain).over(over)
  if (!liesWithin(domain, outer)) {
    throw new UnnormError('invalid-domain', `invalid domain: ${domain.text} is not inside ${outer.text}, where model ${model.name} is defined (leave it out, or take another model)`)
  }
  return { domain, isOwn: liesWithin(model.domain.over(over), domain) && liesWithin(domain, model.domain.over(over)) }
}
