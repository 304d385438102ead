// Which rows are held out, and in which order the others are drawn, without memory that grows with the rows:
// permutations computed index by index, a function of (seed, epoch, position) alone, so that a resumed run needs no state.
import { counted } from '../base/counted.ts'
import { UnnormError } from '../base/errors.ts'
import { shuffledIndex } from '../base/random.ts'
import type { Random } from '../base/random.ts'

/** A partition of the rows 0 … rows − 1 into training rows and held-out rows. */
export interface Split {
  readonly rows: number
  readonly trainCount: number
  readonly heldOutCount: number
  /** The i-th training row, 0 ≤ i < trainCount. In the table's order when nothing is held out. */
  trainRow(i: number): number
  /** The i-th held-out row, 0 ≤ i < heldOutCount. */
  heldOutRow(i: number): number
}

/**
 * Holds out rows drawn at random without replacement: round(fraction · rows) of them, but at least one where fraction > 0.
 * @param fraction at least 0 and below 1
 * @param random names the split; it is split, not advanced
 * @throws UnnormError `invalid-holdout` (usage); `too-few-rows` where no training row would be left
 */
export function splitRows(rows: number, fraction: number, random: Random): Split {
  if (!(fraction >= 0 && fraction < 1)) {
    throw new UnnormError('invalid-holdout', `invalid holdout: ${fraction} (must be at least 0 and below 1)`, 'usage')
  }
  if (fraction === 0) {
    return { rows, trainCount: rows, heldOutCount: 0, trainRow: (i) => i, heldOutRow: refuseHeldOut }
  }
  const heldOutCount = Math.max(1, Math.round(fraction * rows))
  const trainCount = rows - heldOutCount
  if (trainCount < 1) {
    throw new UnnormError('too-few-rows', `cannot hold out ${fraction} of ${counted(rows, 'row')}: none would be left to train on (lower --holdout or add rows)`)
  }
  const place = shuffledIndex(random.split('held-out'), rows)
  return { rows, trainCount, heldOutCount, trainRow: (i) => place(heldOutCount + i), heldOutRow: place }
}

function refuseHeldOut(): number {
  throw new RangeError('no rows are held out')
}

/**
 * The shuffled order of the training rows in one epoch: position (0 … trainCount − 1) to row.
 * @param epoch counts from 0
 * @param random the same stream for all epochs; it is split, not advanced
 */
export function epochOrder(split: Split, epoch: number, random: Random): (position: number) => number {
  const place = shuffledIndex(random.split('epoch').split(epoch), split.trainCount)
  return (position) => split.trainRow(place(position))
}

/**
 * Minibatches as consecutive positions in the epochs' orders, one epoch after the other: a batch at the end of an epoch
 * goes on into the next, so every training row is drawn equally often and every batch is full.
 * @param random as for `epochOrder`
 * @returns a function that writes the row numbers of the batch of a step (counted from 0) into `rows`, whose length is
 *   the batch size. It depends on the step only, not on earlier calls.
 */
export function batchRows(split: Split, random: Random): (step: number, rows: Uint32Array) => void {
  let current = { epoch: 0, order: epochOrder(split, 0, random) }
  return (step, rows) => {
    const first = step * rows.length
    let epoch = Math.floor(first / split.trainCount)
    let position = first - epoch * split.trainCount
    for (let i = 0; i < rows.length; i++) {
      if (position === split.trainCount) {
        epoch++
        position = 0
      }
      if (current.epoch !== epoch) current = { epoch, order: epochOrder(split, epoch, random) }
      rows[i] = current.order(position++)
    }
  }
}
