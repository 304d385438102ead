// The name a user probably meant: the nearest by edit distance (optimal string alignment, Damerau 1964).

/** Insertions, deletions, substitutions and swaps of neighbours that turn one text into the other, case aside. */
function editDistance(left: string, right: string): number {
  const a = left.toLowerCase()
  const b = right.toLowerCase()
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      current[j] = Math.min(previous[j] + 1, current[j - 1] + 1, substituted)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) current[j] = Math.min(current[j], beforePrevious[j - 2] + 1)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length]
}

/**
 * The candidate nearest to `name`, or undefined when none is near enough to be a likely slip
 * (at most one edit in three characters; one is always allowed, but never the whole name).
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.min(Math.max(1, Math.floor(name.length / 3)) + 1, name.length)
  for (const candidate of candidates) {
    // A short beginning ("denois" for "denoising") is as likely as a slip of the finger.
    const begins = name.length >= 3 && candidate.toLowerCase().startsWith(name.toLowerCase())
    const distance = begins ? 0.5 : editDistance(name, candidate)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** ` (did you mean noise?)`, or nothing when no candidate is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const found = nearest(name, candidates)
  return found === undefined ? '' : ` (did you mean ${found}?)`
}
