// What a figure is: a record that draws plain values into a DOM document handed in, and gives SVG text.
import type { ProbabilityPlot } from '../evaluate/probability-plot.ts'
import type { BinaryMoments } from './binary-moments.ts'
import type { FitJson, MetricsRow } from './fit-json.ts'
import type { Landscape } from './landscape/landscape.ts'
import type { Margins } from './landscape/margins.ts'
import type { LearnedSample } from './landscape/learned-sample.ts'

/** The part of a DOM document that drawing needs; a browser's `document` is one, `src/node/render.ts` makes another. */
export interface SvgDocument {
  readonly documentElement: unknown
}

/** All that a figure can be drawn from. */
export interface FigureSource {
  readonly fit: FitJson
  readonly metrics: readonly MetricsRow[]
  /** The density and the score as prepared for drawing; null when they were not computed. */
  readonly landscape: Landscape | null
  /** The density of each column alone; null when it was not computed. */
  readonly margins: Margins | null
  /** The rows of one column against their fitted distribution; null when it was not computed. */
  readonly probabilities: ProbabilityPlot | null
  /** Shares and pairs of binary columns; absent or null on other domains. */
  readonly binary?: BinaryMoments | null
  /** Draws beside the rows, of fits at many noise levels. */
  readonly learned?: LearnedSample | null
}

/** A figure as SVG text, with its colors in attributes (the light scheme), readable alone on any screen and in print. */
export interface DrawnFigure {
  /** The whole figure, one standalone SVG document. */
  readonly svg: string
  /** The same in parts, each a standalone SVG: a page narrower than the figure stacks them. */
  readonly panels: readonly string[]
}

/** One kind of figure. */
export interface Figure {
  readonly name: string
  /** What it shows, in a sentence. */
  readonly sentence: string
  /** Draws it, or gives null when the source has nothing for it (no training steps, no parameters). */
  draw(source: FigureSource, document: SvgDocument): DrawnFigure | null
}
