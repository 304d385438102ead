// What a reader is told of a table: columns left out with a cell, commas in numbers, empty lines, numbers that were rounded.
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { dataFolder, duckdb, read } from './data-folder.ts'

const { folder, file, refusal, warnings } = dataFolder()

it('shows cells with a decimal comma, or one that marks thousands, and statements that read them', async () => {
  const path = file('comma.csv', 'a;b\n1,5;2,5\n1,234;-3,75\n')
  const refused = await refusal(path)
  expect(refused).toMatchObject({ code: 'no-numeric-column', message: expect.stringMatching(/^comma\.csv: no numeric column among a \("1,5"\), b \("2,5"\) \(a decimal comma, as in "1,5", is not read: write a point, or /) })
  const statement = (text: string): string => /--sql "(.*)"/.exec(text)![1]
  expect((await read(null, { sql: statement(refused.message).replace('comma.csv', path) })).values).toEqual([1.5, 2.5, 1.234, -3.75])
  const thousands = file('thousands.csv', 'a,b\n1,"1,234"\n2,"-12,345.5"\n')
  const [[code, message]] = await warnings(thousands)
  expect([code, message]).toEqual(['columns-left-out', expect.stringContaining('column left out, not numeric: b ("1,234"); a comma that marks thousands, as in "1,234", is not read: take it out, or ')])
  expect((await read(null, { sql: statement(message).replace('thousands.csv', thousands) })).values).toEqual([1, 1234, 2, -12345.5])
  expect((await refusal('-', { standardInput: Readable.from(['a\n"1,5"\n']) })).message).toBe('-: no numeric column among a ("1,5") (a decimal comma, as in "1,5", is not read: write a point)')
})

describe('a warning tells of', () => {
  it('rows dropped and columns left out, unless the user chose', async () => {
    await duckdb(`copy (from (values (1, 'u', date '2020-01-01', null), (null, 'v', null, null)) t(x, name, day, gap)) to '${folder}/left-out.parquet'`)
    const path = join(folder, 'left-out.parquet')
    const dropped = ['rows-dropped', 'left-out.parquet: 1 of 2 rows were dropped for missing or infinite values']
    expect(await warnings(path, { missing: 'drop', columns: ['x'] })).toEqual([dropped])
    await duckdb(`copy (from (values (1, 'u', date '2020-01-01', null::varchar), (2, 'v', null, null)) t(x, name, day, gap)) to '${path}'`)
    expect(await warnings(path)).toEqual([['columns-left-out', 'left-out.parquet: columns left out, not numeric: name ("u"), day (DATE), gap (no number in it)']])
    expect(await warnings(path, { columns: ['x'] })).toEqual([])
  })

  it('empty lines of CSV that are no rows, but not of those behind the last row or in quotes', async () => {
    const text = '\n1,"a\n\nb"\n\n2,"\nc\n"\n3,d\n\n\n4,e\n\n\n'
    const expected = [['blank-lines', 'blank.csv: 4 empty lines passed over, which are no rows (a row of empty cells has its delimiters)']]
    expect(await warnings(file('blank.csv', `x,y\n${text}`), { columns: ['x'] })).toEqual(expected)
    expect(await warnings(file('blank.csv', `x,y\n${text}`.replaceAll('\n', '\r\n')), { columns: ['x'] })).toEqual(expected)
    expect(await warnings(file('blank.csv.gz', gzipSync(`x,y\n${text}`)), { columns: ['x'] })).toHaveLength(1)
    expect(await warnings(file('solid.csv', 'x,y\n1,"a\n\nb"\n\n'), { columns: ['x'] })).toEqual([])
    // In one column an empty line is a row with nothing in it.
    expect(await refusal(file('narrow.csv', 'x\n1\n\n2\n'))).toMatchObject({ code: 'missing-values', message: expect.stringContaining('row 2 ("x" is empty)') })
  })

  it('whole numbers that no double holds', async () => {
    const [even, odd] = ['9007199254740992', '9007199254740993']
    await duckdb(`copy (select ${odd}::bigint + i as x, ${even}::bigint + 2 * i as even, 1e300 * i as f, '-${odd}' as t from range(4) r(i)) to '${folder}/large.parquet'`)
    expect(await warnings(join(folder, 'large.parquet'))).toEqual([
      ['rounded-integers', 'large.parquet: column "x": 2 whole numbers beyond 2^53 rounded to the nearest double (where the last digits matter, subtract an offset with --sql)'],
      ['rounded-integers', expect.stringContaining('column "t": 4 whole numbers')],
    ])
    expect(await warnings(file('large.csv', `x,y\n${odd},1e300\n${even},0.1\n`))).toEqual([['rounded-integers', expect.stringContaining('large.csv: column "x": 1 whole number beyond')]])
  })
})
