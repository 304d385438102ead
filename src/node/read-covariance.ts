// A covariance matrix from a small text file, as `--noise @FILE` names it: numbers, with or without a line of column names.
import { readFile } from 'node:fs/promises'
import { counted } from '../base/counted.ts'
import { UnnormError } from '../base/errors.ts'
import { didYouMean } from '../base/nearest.ts'
import { delimiterOf, splitLine } from './csv-source.ts'
import { fileError } from './files.ts'

/**
 * Reads a covariance.
 * @param columns those of the data: with names in the file, its rows and columns are brought into their order
 * @returns row-major [d × d]
 * @throws UnnormError `missing-file` …, `invalid-noise`
 */
export async function readCovariance(path: string, columns: readonly string[]): Promise<number[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => { throw fileError(error, 'read', path) })
  const bad = (what: string): UnnormError => new UnnormError('invalid-noise', `invalid noise: ${path} ${what} (must be a ${columns.length} × ${columns.length} covariance of ${columns.join(', ')} in the data's units: numbers separated by commas, one line for each column, with or without a first line of names)`)
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/).filter((line) => line.trim() !== '')
  const cells = lines.map((line, i) => {
    const found = cellsOf(line.trim(), columns.length)
    if (found === null) throw bad(`has a quotation mark in line ${i + 1} that is not closed`)
    return found
  })
  if (cells.length === 0) throw bad('is empty')
  const named = cells[0].some((cell) => Number.isNaN(Number(cell))) ? cells[0] : null
  const order = named === null ? columns.map((_, k) => k) : orderOf(named, columns, bad)
  const numbers = (named === null ? cells : cells.slice(1))
  const first = named === null ? 1 : 2
  if (numbers.length !== columns.length) throw bad(`has ${counted(numbers.length, 'line')} of numbers`)
  numbers.forEach((line, i) => {
    if (line.length !== columns.length) throw bad(`has ${counted(line.length, 'number')} in line ${i + first}`)
    const wrong = line.find((cell) => cell === '' || !Number.isFinite(Number(cell)))
    if (wrong !== undefined) throw bad(`has ${JSON.stringify(wrong)} in line ${i + first}, which is no number`)
  })
  return order.flatMap((row) => order.map((column) => Number(numbers[row][column])))
}

/** The cells of a line, without the blanks around them. A line with no delimiter is one cell, or numbers apart by blanks. */
function cellsOf(line: string, expected: number): string[] | null {
  const cells = splitLine(line, delimiterOf(line))?.map((cell) => cell.trim()) ?? null
  return cells?.length === 1 && expected > 1 ? line.split(/\s+/) : cells
}

function orderOf(named: readonly string[], columns: readonly string[], bad: (what: string) => UnnormError): number[] {
  return columns.map((column) => {
    const at = named.indexOf(column)
    if (at < 0) throw bad(`does not name the column ${column}${didYouMean(column, named)}`)
    return at
  })
}
