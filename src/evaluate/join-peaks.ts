// Which peaks are one mode, by their prominence, as in ToMATo (Chazal, Guibas, Oudot & Skraba 2013).

/** A way between two peaks and the energy at its highest point. */
export interface Pass {
  readonly ends: readonly [number, number]
  readonly energy: number
}

/**
 * The mode of every peak, named by its lowest in energy: passes are taken from the lowest energy upwards, and the lesser peak of
 * two joins the other where it stands less than `prominence` below the pass in energy.
 */
export function joinPeaks(energy: ArrayLike<number>, passes: readonly Pass[], prominence: number): Int32Array {
  const parent = Int32Array.from({ length: energy.length }, (_, k) => k)
  const rootOf = (k: number): number => {
    let root = k
    while (parent[root] !== root) root = parent[root]
    return root
  }
  for (const pass of passes.toSorted((a, b) => a.energy - b.energy)) {
    const [high, low] = pass.ends.map(rootOf).sort((a, b) => energy[a] - energy[b] || a - b)
    if (high !== low && pass.energy - energy[low] < prominence) parent[low] = high
  }
  return parent.map((_, k) => rootOf(k))
}
