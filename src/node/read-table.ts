// Tables from files, through DuckDB: which columns are numbers, which cells are not, and the values, row by row.
import type { DuckDBDoubleVector } from '@duckdb/node-api'
import { counted } from '../base/counted.ts'
import { UnnormError } from '../base/errors.ts'
import { didYouMean } from '../base/nearest.ts'
import type { Table } from '../data/table.ts'
import { completeRow, isBad, isMissing, isNumber, numberOf, textOf } from './cells.ts'
import { openSource } from './data-source.ts'
import type { DataSource, SourceColumn, SourceOptions } from './data-source.ts'
import { queryRows } from './duckdb.ts'
import { commaHint, notNumeric, readingWarnings } from './reading-warnings.ts'
import { checkWeights, clusterOf, numberClusters } from './row-columns.ts'

export interface ReadOptions extends SourceOptions {
  /** Names of the columns, in the order wanted; every numeric column by default. See `parseColumnList`. */
  readonly columns?: readonly string[]
  /** Chooses the columns where `columns` does not, given the names of all; undefined for every numeric column. */
  readonly chooseColumns?: (names: readonly string[]) => readonly string[] | undefined
  /** What to do with rows that have an empty, NaN or infinite cell in these columns: `refuse` by default. */
  readonly missing?: 'refuse' | 'drop'
  /** The column of the rows' weights; it is no data column then. */
  readonly weights?: string
  /** The column that says which rows belong together, text or numbers; it is no data column then. */
  readonly cluster?: string
}

const COUNTING = 'rows count from 1, without the header'
const SAMPLE_ROWS = 10_000

/**
 * Reads a numeric table.
 *
 * A column is numeric when its type is, or when it is text of which every cell that is not missing is a number (so CSV and
 * text columns of other formats are judged alike). Text of which at least half the cells are numbers is refused; other
 * columns are left out and listed.
 * @param source a path, a glob, a folder of Parquet files, `-`, null with `options.sql`, or an opened source, which stays open
 * @throws UnnormError `unknown-column`, `repeated-column`, `text-in-numeric-column`, `not-numeric`, `no-numeric-column`,
 *   `missing-values`, `empty-table`, `invalid-weights`, `malformed-csv` and those of `openSource`
 */
export async function readTable(source: string | null | DataSource, options: ReadOptions = {}): Promise<Table> {
  if (source !== null && typeof source === 'object') return source.guarded(() => readFrom(source, options))
  const opened = await openSource(source, options)
  try {
    return await opened.guarded(() => readFrom(opened, options))
  } finally {
    await opened.close()
  }
}

async function readFrom(source: DataSource, given: ReadOptions): Promise<Table> {
  const chosen = given.columns ?? given.chooseColumns?.(source.columns.map(({ name }) => name))
  const options = chosen === undefined ? given : { ...given, columns: chosen }
  const { weights, cluster } = columnsOfRows(source, options)
  if (weights) await checkWeights(source, weights)
  const candidates = await candidatesOf(source, options)
  // Most tables are complete, and one pass reads them; what cells are is counted where that fails. Columns that are numbers by their
  // type need no look at their cells.
  const isWorthIt = options.missing !== 'drop' && candidates.some(({ kind }) => kind === 'text')
  const whole = isWorthIt ? await readCells(source, { columns: candidates, weights, cluster, most: Math.floor(MOST_UNCOUNTED / (candidates.length + 1)) }) : undefined
  const { columns, rowsRead, read } = whole && whole.rows > 0 ? { columns: candidates, rowsRead: whole.rows, read: whole } : await readCounted(source, options, candidates, { weights, cluster })
  const { rows, values, rowWeights, clusterNames, largest } = read
  if (rows === 0) throw new UnnormError('empty-table', `${source.name}: no row is left, for every row has a missing or infinite value (fill them in, or choose other columns with --columns)`)
  const leftOut = source.columns.filter((column) => !columns.includes(column) && column !== weights && column !== cluster)
  return {
    source: source.name,
    columns: columns.map(({ name }) => name),
    rows,
    values,
    rowsRead,
    ...(weights ? { weights: { column: weights.name, values: rowWeights } } : {}),
    ...(cluster ? { clusters: { column: cluster.name, ...numberClusters(clusterNames) } } : {}),
    columnsLeftOut: leftOut.map(({ name }) => name),
    warnings: await readingWarnings(source, {
      rows, rowsRead,
      leftOut: options.columns === undefined ? leftOut : [],
      large: columns.filter((_, j) => largest[j] > Number.MAX_SAFE_INTEGER),
    }),
  }
}

/** Reads the columns that turn out to be numeric when all of their cells are looked at, once it is known how many rows there are. */
async function readCounted(source: DataSource, options: ReadOptions, candidates: readonly SourceColumn[], { weights, cluster }: ReturnType<typeof columnsOfRows>) {
  const { columns, rowsRead } = await numericOf(source, options, candidates)
  const complete = [completeRow(weights ? [...columns, weights] : columns), ...(cluster ? [`not ${isMissing(cluster)}`] : [])].join(' and ')
  const read = await readCells(source, { columns, weights, cluster, rows: rowsRead, ...(options.missing === 'drop' ? { where: complete } : {}) })
  if (read === undefined) throw await missingError(source, weights ? [...columns, weights] : columns, cluster)
  return { columns, rowsRead, read }
}

interface CellRequest {
  readonly columns: readonly SourceColumn[]
  readonly weights: SourceColumn | undefined
  readonly cluster: SourceColumn | undefined
  /** How many rows there are at most, if that is known. */
  readonly rows?: number
  /** Most rows that are read, where it is not. */
  readonly most?: number
  /** SQL that holds for the rows that are wanted. */
  readonly where?: string
}

interface ReadCells {
  readonly rows: number
  /** Row-major [rows × columns]. */
  readonly values: Float64Array
  /** [rows], or empty. */
  readonly rowWeights: Float64Array
  readonly clusterNames: readonly string[]
  /** The largest size of a value of each column, and of the weights behind them. */
  readonly largest: Float64Array
}

/** Numbers that are read before it is known how many there are: DuckDB holds all of them, and then they are copied. */
const MOST_UNCOUNTED = 2 ** 21

/** The cells of columns as numbers; undefined where one is missing or no finite number, or where there are more rows than `most`. */
async function readCells(source: DataSource, { columns, weights, cluster, rows: expected, most = Infinity, where }: CellRequest): Promise<ReadCells | undefined> {
  const numbers = weights ? [...columns, weights] : columns
  const selected = [...numbers.map(numberOf), ...(cluster ? [clusterOf(cluster)] : [])]
  const statement = `select ${selected.join(', ')} from ${source.relation}${where === undefined ? '' : ` where ${where}`}`
  // A stream ends without a word at a line that does not fit: only a file that was read to its end before may be streamed.
  const result = most === Infinity ? await source.connection.stream(statement) : await source.connection.run(`${statement} limit ${most + 1}`)
  const width = columns.length
  const largest = new Float64Array(numbers.length)
  const clusterNames: string[] = []
  const values = growing(width, expected)
  const rowWeights = growing(1, weights ? expected : 0)
  let rows = 0
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const count = chunk.rowCount
    rows += count
    if (rows > most) return undefined
    const into = values.next(count)
    const own = rowWeights.next(weights ? count : 0)
    for (let j = 0; j < numbers.length; j++) {
      const vector = chunk.getColumnVector(j) as DuckDBDoubleVector
      const [target, start, step] = j < width ? [into, j, width] as const : [own, 0, 1] as const
      for (let i = 0, at = start; i < count; i++, at += step) {
        const value = vector.getItem(i)
        if (value === null || value - value !== 0) return undefined
        target[at] = value
        const size = Math.abs(value)
        if (size > largest[j]) largest[j] = size
      }
    }
    if (cluster) {
      const vector = chunk.getColumnVector(selected.length - 1)
      for (let i = 0; i < count; i++) {
        const name = vector.getItem(i)
        if (name === null) return undefined
        clusterNames.push(String(name))
      }
    }
  }
  return { rows, values: values.all(), rowWeights: rowWeights.all(), clusterNames, largest }
}

/** Numbers that come in parts: in one array from the start where it is known how many there can be. */
function growing(width: number, rows: number | undefined): { next(count: number): Float64Array; all(): Float64Array } {
  const whole = rows === undefined ? undefined : new Float64Array(rows * width)
  const parts: Float64Array[] = []
  let filled = 0
  return {
    next: (count) => {
      const part = whole ? whole.subarray(filled, filled + count * width) : new Float64Array(count * width)
      filled += count * width
      if (!whole) parts.push(part)
      return part
    },
    all: () => {
      if (whole) return filled === whole.length ? whole : filled > whole.length / 2 ? whole.subarray(0, filled) : whole.slice(0, filled)
      const all = new Float64Array(filled)
      let at = 0
      for (const part of parts) {
        all.set(part, at)
        at += part.length
      }
      return all
    },
  }
}

/** The numeric columns of a source that `options` asks for, and how many rows it has. */
export async function selectColumns(source: DataSource, options: ReadOptions): Promise<{ columns: SourceColumn[]; rowsRead: number }> {
  return numericOf(source, options, await candidatesOf(source, options))
}

/** The columns that may be numeric: those asked for, or all that are not plain text in the first rows. */
async function candidatesOf(source: DataSource, options: ReadOptions): Promise<readonly SourceColumn[]> {
  const asked = options.columns?.map((name) => findColumn(source, name))
  asked?.forEach((column, k) => {
    if (asked.indexOf(column) < k) throw new UnnormError('repeated-column', `invalid columns: ${JSON.stringify(column.name)} twice (name each column once)`, 'usage')
  })
  const { weights, cluster } = columnsOfRows(source, options)
  const candidates = asked ?? source.columns.filter((column) => column.kind !== 'other' && column !== weights && column !== cluster)
  const other = candidates.find(({ kind }) => kind === 'other')
  if (other !== undefined) {
    throw new UnnormError('not-numeric', `${source.name}: column ${JSON.stringify(other.name)} is not numeric: its type is ${other.type} (leave it out of --columns, or convert it with --sql)`)
  }
  const texts = candidates.filter(({ kind }) => kind === 'text')
  if (asked !== undefined || texts.length === 0) return candidates
  // Plain text shows in the first rows, and need not be read to the end.
  const { counts } = await countCells(source, texts, SAMPLE_ROWS)
  return candidates.filter((column) => column.kind === 'number' || counts[texts.indexOf(column)].numbers >= counts[texts.indexOf(column)].bad)
}

/** Those of the candidates of which every cell that is not missing is a number, and how many rows there are. */
async function numericOf(source: DataSource, options: ReadOptions, candidates: readonly SourceColumn[]): Promise<{ columns: SourceColumn[]; rowsRead: number }> {
  const isAsked = options.columns !== undefined
  const texts = candidates.filter(({ kind }) => kind === 'text')
  const { rowsRead, counts } = await countCells(source, texts)
  if (rowsRead === 0) throw new UnnormError('empty-table', `${source.name}: no rows (must hold at least one: add rows, or choose another file or statement)`)
  const numeric = new Set(candidates.filter(({ kind }) => kind === 'number'))
  for (const [k, column] of texts.entries()) {
    const { numbers, bad } = counts[k]
    if (bad > 0 && (isAsked || numbers >= bad)) throw await badCellsError(source, column, bad, numbers)
    if (bad > 0) continue
    if (numbers > 0) numeric.add(column)
    else if (isAsked) throw new UnnormError('not-numeric', `${source.name}: column ${JSON.stringify(column.name)} is not numeric: all its cells are empty (leave it out of --columns)`)
  }
  const columns = candidates.filter((column) => numeric.has(column))
  if (columns.length === 0) {
    const { list, hint } = await notNumeric(source, source.columns)
    throw new UnnormError('no-numeric-column', `${source.name}: no numeric column among ${list} (${hint || 'at least one is needed'})`)
  }
  return { columns, rowsRead }
}

/** The columns that say how rows count. @throws UnnormError `unknown-column`; `repeated-column` where they are data columns too */
function columnsOfRows(source: DataSource, { weights, cluster, columns }: ReadOptions): { weights: SourceColumn | undefined; cluster: SourceColumn | undefined } {
  for (const [option, name] of [['weights', weights], ['cluster', cluster]]) {
    if (name !== undefined && columns?.includes(name)) throw new UnnormError('repeated-column', `invalid ${option}: ${JSON.stringify(name)} is a data column too (leave it out of --columns)`, 'usage')
  }
  return { weights: weights === undefined ? undefined : findColumn(source, weights), cluster: cluster === undefined ? undefined : findColumn(source, cluster) }
}

function findColumn(source: DataSource, name: string): SourceColumn {
  const found = source.columns.find((column) => column.name === name)
  if (found !== undefined) return found
  const names = source.columns.map((column) => column.name)
  throw new UnnormError('unknown-column', `${source.name}: unknown column: ${name}${didYouMean(name, names)} (must be one of ${names.join(', ')})`)
}

async function countCells(source: DataSource, texts: readonly SourceColumn[], limit?: number): Promise<{ rowsRead: number; counts: { numbers: number; bad: number }[] }> {
  const parts = texts.flatMap((column) => [`count(*) filter (where ${isNumber(column)})`, `count(*) filter (where ${isBad(column)})`])
  const rows = limit === undefined ? source.relation : `(select * from ${source.relation} limit ${limit})`
  const [counts] = await queryRows(source.connection, `select ${['count(*)', ...parts].join(', ')} from ${rows}`)
  return { rowsRead: Number(counts[0]), counts: texts.map((_, k) => ({ numbers: Number(counts[2 * k + 1]), bad: Number(counts[2 * k + 2]) })) }
}

async function badCellsError(source: DataSource, column: SourceColumn, bad: number, numbers: number): Promise<UnnormError> {
  const cells = await queryRows(source.connection, `select number, cell from (select row_number() over () as number, ${textOf(column)} as cell, ${isBad(column)} as bad from ${source.relation}) where bad limit 5`)
  const places = await source.places(cells.map(([number]) => Number(number)))
  const several = new Set(places.map(({ file }) => file)).size > 1
  const list = cells.map(([, cell], i) => `${several ? `${places[i].file} ` : ''}row ${places[i].row} has ${JSON.stringify(cell)}`).join(', ')
  const mostly = numbers >= bad
  const hint = commaHint(source, cells.map(([, cell]) => String(cell)))
  return new UnnormError(
    mostly ? 'text-in-numeric-column' : 'not-numeric',
    `${several ? source.name : places[0].file}: column ${JSON.stringify(column.name)} ${mostly ? `is numeric but for ${bad} of its ${counted(bad + numbers, 'cell')}` : 'is not numeric'}: ${list}${bad > cells.length ? ', …' : ''} `
    + `(correct ${bad === 1 ? 'it' : 'them'}, or ${mostly ? 'name the columns to use with' : 'leave it out of'} --columns;${hint && ` ${hint};`} ${COUNTING})`,
  )
}

async function missingError(source: DataSource, columns: readonly SourceColumn[], cluster: SourceColumn | undefined): Promise<UnnormError> {
  const incomplete = `not (${completeRow(columns)})${cluster ? ` or ${isMissing(cluster)}` : ''}`
  const [[total]] = await queryRows(source.connection, `select count(*) from ${source.relation} where ${incomplete}`)
  const cells = [
    ...columns.flatMap((column) => [`coalesce(isfinite(${numberOf(column)}), false)`, textOf(column)]),
    ...(cluster ? [`not ${isMissing(cluster)}`, textOf(cluster)] : []),
  ]
  const rows = await queryRows(source.connection, `select * from (select row_number() over () as number, ${incomplete} as incomplete, ${cells.join(', ')} from ${source.relation}) where incomplete limit 5`)
  const places = await source.places(rows.map(([number]) => Number(number)))
  const several = new Set(places.map(({ file }) => file)).size > 1
  const list = rows.map((row, i) => {
    const wrong = [...columns, ...(cluster ? [cluster] : [])].flatMap(({ name }, j) => (row[2 + 2 * j] === true ? [] : [`${JSON.stringify(name)} is ${describeCell(row[3 + 2 * j])}`]))
    return `${several ? `${places[i].file} ` : ''}row ${places[i].row} (${wrong.join(', ')})`
  })
  const count = Number(total)
  return new UnnormError(
    'missing-values',
    `${several ? source.name : places[0].file}: ${count} ${count === 1 ? 'row has a missing or infinite value' : 'rows have missing or infinite values'}: ${list.join(', ')}${count > rows.length ? ', …' : ''} `
    + `(fill them in, or drop these rows with --missing drop; ${COUNTING})`,
  )
}

function describeCell(text: unknown): string {
  return text === null || String(text).trim() === '' ? 'empty' : String(text)
}

/**
 * Column names as `--columns` takes them: separated by commas; names that hold commas, spaces or backquotes in backquotes
 * (a backquote inside is doubled).
 * @throws UnnormError `invalid-columns` (usage)
 */
export function parseColumnList(text: string): string[] {
  const names: string[] = []
  let rest = text
  for (;;) {
    const token = /^\s*(?:`((?:[^`]|``)*)`|([^`,]*))\s*(,|$)/.exec(rest)
    const name = token === null ? undefined : (token[1]?.replaceAll('``', '`') ?? token[2].trim())
    if (token === null || name === undefined || name === '') {
      throw new UnnormError('invalid-columns', `invalid columns: ${text} (must be names separated by commas; put \` around a name that holds a comma)`, 'usage')
    }
    names.push(name)
    if (token[3] === '') return names
    rest = rest.slice(token[0].length)
  }
}
