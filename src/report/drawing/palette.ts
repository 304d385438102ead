// The colors of every figure: each in its light form, which is drawn, and its dark form, which a dark page puts in its place.

interface ColorPair {
  readonly light: string
  readonly dark: string
}

const pairs = {
  background: { light: '#ffffff', dark: '#15181d' },
  ink: { light: '#1f2328', dark: '#e6e8eb' },
  quiet: { light: '#59636e', dark: '#9aa4af' },
  grid: { light: '#e3e6ea', dark: '#2c323a' },
  point: { light: '#1f6fd0', dark: '#5aa7ff' },
  arrow: { light: '#22272e', dark: '#dfe3e8' },
  contour: { light: '#3a2a2e', dark: '#f3e9d8' },
  bar: { light: '#bcd6f5', dark: '#27466b' },
  curve: { light: '#b3352b', dark: '#ff8a66' },
  band: { light: '#f0cfc9', dark: '#54302c' },
  warning: { light: '#9a4b00', dark: '#ffb454' },
} as const satisfies Record<string, ColorPair>

/** The name of a color with a role in the figures. */
export type ColorName = keyof typeof pairs

const heatStops: readonly ColorPair[] = [
  { light: '#fffdf8', dark: '#171922' },
  { light: '#fff0cf', dark: '#2a1a3f' },
  { light: '#ffdb99', dark: '#511c5b' },
  { light: '#fdb863', dark: '#832863' },
  { light: '#f38a40', dark: '#b43a56' },
  { light: '#d9542c', dark: '#dd5d3f' },
  { light: '#a72b30', dark: '#f59038' },
  { light: '#661338', dark: '#fff0a8' },
]

/** From −1 over nothing to 1: red and blue, which every reader can tell apart; pale enough for text on them. */
const divergingStops: readonly ColorPair[] = [
  { light: '#e0735f', dark: '#9c3f30' },
  { light: '#f0b9ab', dark: '#5d3029' },
  { light: '#f7f6f4', dark: '#1b1f25' },
  { light: '#aecbee', dark: '#233f63' },
  { light: '#6096da', dark: '#2e62a6' },
]

/** The light colors by role, as figures write them into attributes. */
export const colors = Object.fromEntries(Object.entries(pairs).map(([name, pair]) => [name, pair.light])) as Readonly<Record<ColorName, string>>

/** The colors of `count` steps from low to high density, light and dark side by side. */
export function heatRamp(count: number): { readonly light: readonly string[]; readonly dark: readonly string[] } {
  return ramp(heatStops, count)
}

/** How many steps there are from −1 to 1. */
export const divergingSteps = 41

/** The colors of numbers from −1 to 1, light and dark side by side. */
export function divergingRamp(): { readonly light: readonly string[]; readonly dark: readonly string[] } {
  return ramp(divergingStops, divergingSteps)
}

function ramp(stops: readonly ColorPair[], count: number): { readonly light: readonly string[]; readonly dark: readonly string[] } {
  const at = (step: number, scheme: 'light' | 'dark'): string => {
    const position = (count === 1 ? 1 : step / (count - 1)) * (stops.length - 1)
    const below = Math.min(Math.floor(position), stops.length - 2)
    return mix(stops[below][scheme], stops[below + 1][scheme], position - below)
  }
  const steps = Array.from({ length: count }, (_, step) => step)
  return { light: steps.map((step) => at(step, 'light')), dark: steps.map((step) => at(step, 'dark')) }
}

/** How many steps of density the heat map has. */
export const heatSteps = 24

/**
 * Style rules that turn figures drawn in light colors into dark ones, inside the elements that `selector` names.
 * (Style rules win over the attributes in which a figure carries its colors.)
 */
export function darkFigureStyles(selector: string): string {
  const ramps = [heatRamp(heatSteps), divergingRamp()].flatMap((colored) => colored.light.map((light, step) => ({ light, dark: colored.dark[step] })))
  const all: ColorPair[] = [...Object.values(pairs), ...ramps]
  const rules = all.flatMap(({ light, dark }) => [
    `${selector} [fill="${light}"]{fill:${dark}}`,
    `${selector} [stroke="${light}"]{stroke:${dark}}`,
  ])
  return [`${selector}{color:${pairs.ink.dark}}`, ...rules].join('\n')
}

function mix(from: string, to: string, share: number): string {
  const channel = (position: number): string => {
    const a = Number.parseInt(from.slice(position, position + 2), 16)
    const b = Number.parseInt(to.slice(position, position + 2), 16)
    return Math.round(a + (b - a) * share).toString(16).padStart(2, '0')
  }
  return `#${channel(1)}${channel(3)}${channel(5)}`
}
