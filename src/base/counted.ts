// A count with its noun.

/** `1 row`, `2 rows`; the plural must be regular. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
