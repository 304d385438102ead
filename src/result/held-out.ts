// Which rows a fit holds out, told from its options alone, so that the same rows are found again later.
import { createRandom } from '../base/random.ts'
import { splitRows } from '../data/split.ts'
import type { Split } from '../data/split.ts'

/** Share held out where the user does not say: networks need rows to stop early by. */
const NETWORK_HOLDOUT = 0.1

/**
 * The split of a fit.
 * @throws UnnormError those of `splitRows`
 */
export function splitOfFit(rows: number, options: { readonly seed: number; readonly holdout?: number | undefined }, isNetwork: boolean): Split {
  return splitRows(rows, options.holdout ?? (isNetwork ? NETWORK_HOLDOUT : 0), createRandom(options.seed).split('held-out rows'))
}
