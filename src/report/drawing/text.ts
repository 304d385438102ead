// Text that nothing measures before it is drawn: how wide it may be at most, and how names are cut so that they still differ.

/** Widths in shares of the font size, those of DejaVu Sans, which is wider than most. */
const narrow = 0.41
const wide = 1
const capital = 0.73
const usual = 0.64
const boldFactor = 1.12

/** About how wide a text is, in pixels. */
export function textWidth(text: string, size: number, weight: 'normal' | 'bold' = 'normal'): number {
  const widths = [...text].map((character) => {
    if (/[ijlrft.,:;'"!|()[\]\- ]/.test(character)) return narrow
    if (/[mwMW%@…\u2e80-\u{1ffff}]/u.test(character)) return wide
    return /\p{Lu}/u.test(character) ? capital : usual
  })
  return widths.reduce((sum, width) => sum + width, 0) * size * (weight === 'bold' ? boldFactor : 1)
}

/**
 * Names of at most `most` characters that differ wherever the given ones do, if they can: a name that is too long loses its
 * middle, and where the others have the same beginning and end, what they have in common.
 */
export function shortenApart(names: readonly string[], most: number): string[] {
  const tails = Array.from({ length: most - 1 }, (_, index) => index).sort((a, b) => Math.abs(a - most / 2) - Math.abs(b - most / 2))
  const shared = sharedStart(names.filter((name) => [...name].length > most))
  const ways: ((characters: readonly string[]) => string)[] = [
    ...tails.map((tail) => (characters: readonly string[]) => `${characters.slice(0, most - 1 - tail).join('')}…${characters.slice(characters.length - tail).join('')}`),
    (characters) => `…${characters.slice(shared, shared + most - 2).join('')}…`,
  ]
  const cut = (way: (characters: readonly string[]) => string): string[] => names.map((name) => ([...name].length > most ? way([...name]) : name))
  const different = new Set(names).size
  return cut(ways.find((way) => new Set(cut(way)).size === different) ?? ways[0])
}

/** Names cut by `shortenApart` until each is at most `width` pixels wide. */
export function fitNames(names: readonly string[], width: number, size: number, weight: 'normal' | 'bold' = 'normal'): string[] {
  const fits = (candidates: readonly string[]): boolean => candidates.every((name) => textWidth(name, size, weight) <= width)
  let shown = [...names]
  for (let most = Math.max(...names.map((name) => [...name].length)) - 1; most >= 5 && !fits(shown); most--) shown = shortenApart(names, most)
  return shown
}

function sharedStart(names: readonly string[]): number {
  const [first = '', ...others] = names
  const end = [...first].findIndex((character, index) => others.some((name) => [...name][index] !== character))
  return end === -1 ? 0 : end
}
