// From plots to a figure: titles, subtitles and notes around them as SVG text, panels side by side, one standalone document.
import type { DrawnFigure } from '../figure.ts'
import { wrapText } from '../format.ts'
import { colors } from './palette.ts'

/** A drawn piece: markup that fills a box of this size from its upper left corner. */
export interface Piece {
  readonly markup: string
  readonly width: number
  readonly height: number
}

/** A line of text under a panel. */
export interface Note {
  readonly text: string
  readonly warning?: boolean
}

/** A plot with the words around it. */
export interface PanelContent {
  readonly title: string
  readonly subtitle: string
  readonly body: Piece
  readonly notes: readonly Note[]
}

const fontFamily = "system-ui, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif"
const titleSize = 15
const textSize = 11.5
const lineHeight = 15.5
const margin = 14

/** Text made safe for markup, in content and in double-quoted attributes. */
export function escapeMarkup(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
    .replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;').replace(/'/g, '&#39;')
}

/** Pieces side by side, with their tops aligned. */
export function besides(pieces: readonly Piece[]): Piece {
  let x = 0
  const markup = pieces.map((piece) => {
    const placed = translate(piece.markup, x, 0)
    x += piece.width
    return placed
  })
  return { markup: markup.join(''), width: x, height: Math.max(...pieces.map((piece) => piece.height)) }
}

/** Pieces one under the other, with their left edges aligned. */
export function stacked(pieces: readonly Piece[]): Piece {
  let y = 0
  const markup = pieces.map((piece) => {
    const placed = translate(piece.markup, 0, y)
    y += piece.height
    return placed
  })
  return { markup: markup.join(''), width: Math.max(...pieces.map((piece) => piece.width)), height: y }
}

/**
 * Panels as a figure under a common heading.
 * @param heading what the whole figure shows, also for those who listen instead of looking; '' where the titles say it all
 * @param arrangement in a row, with the plots' tops aligned, or in a column
 */
export function composeFigure(heading: string, contents: readonly PanelContent[], arrangement: 'row' | 'column' = 'row'): DrawnFigure {
  const subtitleLines = arrangement === 'column' ? 0 : Math.max(...contents.map((content) => linesOf(content.subtitle, content.body.width).length))
  const laidOut = contents.map((content) => layoutPanel(content, subtitleLines))
  const row = arrangement === 'column' ? stacked(laidOut) : besides(laidOut)
  const head = textLines(wrapText(heading, charactersIn(row.width - 2 * margin, textSize + 1)), margin, 22, textSize + 1, colors.quiet)
  const headHeight = heading === '' ? 0 : head.height + 12
  const name = [heading, contents.map((content) => content.title).join('; ')].filter((part) => part !== '').join(': ')
  const body = translate(row.markup, 0, headHeight)
  return {
    svg: standalone(name, { markup: head.markup + body, width: row.width, height: row.height + headHeight }),
    panels: contents.map((content) => standalone(content.title, layoutPanel(content, subtitleLines))),
  }
}

function layoutPanel(content: PanelContent, subtitleLines: number): Piece {
  const { body } = content
  const width = body.width + 2 * margin
  const subtitle = linesOf(content.subtitle, body.width)
  const title = `<text x="${margin}" y="22" font-size="${titleSize}" font-weight="600" fill="${colors.ink}">${escapeMarkup(content.title)}</text>`
  const under = textLines(subtitle, margin, 40, textSize, colors.quiet)
  const top = 32 + Math.max(subtitle.length, subtitleLines) * lineHeight + 4
  let y = top + body.height + 18
  const notes = content.notes.map((note) => {
    const lines = linesOf(note.warning ? `⚠ ${note.text}` : note.text, body.width)
    const drawn = textLines(lines, margin, y, textSize, note.warning ? colors.warning : colors.quiet)
    y += drawn.height + 3
    return drawn.markup
  })
  // y is where the next line would stand.
  const height = notes.length === 0 ? top + body.height + 8 : y - 8
  return { markup: title + under.markup + translate(body.markup, margin, top) + notes.join(''), width, height }
}

function linesOf(text: string, width: number): string[] {
  return wrapText(text, charactersIn(width, textSize))
}

/** Characters that fit, for a font a little wider than most: text that is measured nowhere must not run out of its box. */
function charactersIn(width: number, size: number): number {
  return Math.floor(width / (size * 0.575))
}

function textLines(lines: readonly string[], x: number, y: number, size: number, color: string): { markup: string; height: number } {
  const markup = lines.map((line, index) => `<text x="${x}" y="${round(y + index * lineHeight)}" font-size="${size}" fill="${color}">${escapeMarkup(line)}</text>`)
  return { markup: markup.join(''), height: lines.length * lineHeight }
}

function standalone(name: string, piece: Piece): string {
  const width = Math.ceil(piece.width)
  const height = Math.ceil(piece.height)
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="${fontFamily}" font-size="11" color="${colors.ink}">`
    + `<title>${escapeMarkup(name)}</title><rect width="${width}" height="${height}" fill="${colors.background}"/>${piece.markup}</svg>\n`
}

function translate(markup: string, x: number, y: number): string {
  return x === 0 && y === 0 ? markup : `<g transform="translate(${round(x)},${round(y)})">${markup}</g>`
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
