// HTML from templates in which every inserted text is escaped unless it is markup already.
import { escapeMarkup } from './drawing/svg.ts'

/** Markup that may be inserted as it is. */
export interface Html {
  readonly markup: string
}

type Insertable = string | number | Html | null | readonly (Html | null)[]

/** A template of markup: texts and numbers inserted into it are escaped, null is left out. */
export function html(strings: TemplateStringsArray, ...values: readonly Insertable[]): Html {
  const insert = (value: Insertable): string => {
    if (value === null) return ''
    if (typeof value === 'string' || typeof value === 'number') return escapeMarkup(String(value))
    return 'markup' in value ? value.markup : value.map((part) => part?.markup ?? '').join('')
  }
  return { markup: strings.map((text, index) => text + (index < values.length ? insert(values[index]) : '')).join('') }
}

/** Markup from a source that escapes by itself: a figure, a formula. */
export function trusted(markup: string): Html {
  return { markup }
}

/** A table whose first column is text and whose others are numbers. */
export function numberTable(head: readonly string[], rows: readonly (readonly string[])[]): Html {
  const cells = (row: readonly string[]): Html[] => row.map((cell, index) => (index === 0 ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`))
  return html`<div class="scroll"><table><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>
${rows.map((row) => html`<tr>${cells(row)}</tr>
`)}</tbody></table></div>`
}
