// How easily a text is read on its ground: the contrast ratio of WCAG 2, which asks for 4.5 and more.

/** The channels of `#rrggbb` or `rgb(r, g, b)`, 0 to 1. */
function channels(color: string): number[] {
  const numbers = color.startsWith('#') ? [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)) : (color.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number)
  return numbers.map((value) => value / 255)
}

function luminance(color: string): number {
  const [red, green, blue] = channels(color).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** From 1, the same color, to 21, black on white. */
export function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}
