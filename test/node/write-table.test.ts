// Appending columns: every row and cell of the source comes back, the new values beside the right rows, all or nothing.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UnnormError } from '../../src/base/errors.ts'
import { openSource } from '../../src/node/data-source.ts'
import { readTable } from '../../src/node/read-table.ts'
import { appendColumns, outputFormat } from '../../src/node/write-table.ts'

let folder: string
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'write-table-')) })
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string): string => join(folder, name)
function file(name: string, content: string): string {
  writeFileSync(at(name), content)
  return at(name)
}
const text = (name: string): string => readFileSync(at(name), 'utf8')
const column = (name: string, ...values: readonly number[]): { name: string; values: Float64Array } => ({ name, values: Float64Array.from(values) })

async function query(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const rows = (await connection.runAndReadAll(sql)).getRowsJS()
  connection.closeSync()
  instance.closeSync()
  return rows as unknown[][]
}

async function refusal(work: Promise<unknown>): Promise<{ code: string; message: string; kind: string }> {
  const error = await work.then(() => undefined, (reason: unknown) => reason)
  if (!(error instanceof UnnormError)) throw error ?? new Error('nothing was refused')
  return { code: error.code, message: error.message.replaceAll(`${folder}/`, ''), kind: error.kind }
}

const messy = 'id,x,name\n00501,1.50,"Smith, ""J"""\n7,-2,\n8,1e3,"two\nlines"\n'

describe('appendColumns', () => {
  it('keeps the cells of CSV letter by letter', async () => {
    await appendColumns(file('in.csv', messy), {}, [column('score_x', 0.1, -1e300, 1 / 3), column('log_density', 0, -0, 5)], at('out.csv'))
    expect(text('out.csv')).toBe('id,x,name,score_x,log_density\n00501,1.50,"Smith, ""J""",0.1,0.0\n7,-2,,-1e+300,-0.0\n8,1e3,"two\nlines",0.3333333333333333,5.0\n')
  })

  it('writes tabs and packed files', async () => {
    const source = file('in.csv', 'a,b\n1,x\n2,y\n')
    await appendColumns(source, {}, [column('v', 3, 4)], at('out.tsv'))
    expect(text('out.tsv')).toBe('a\tb\tv\n1\tx\t3.0\n2\ty\t4.0\n')
    await appendColumns(source, {}, [column('v', 3, 4)], at('out.csv.gz'))
    expect(gunzipSync(readFileSync(at('out.csv.gz'))).toString()).toBe('a,b,v\n1,x,3.0\n2,y,4.0\n')
    await appendColumns(source, {}, [column('v', 3, 4)], at('out.csv.zst'))
    expect([...(await readTable(at('out.csv.zst'))).values]).toEqual([1, 3, 2, 4])
  })

  it('gives Parquet types to the columns of CSV, but codes stay text', async () => {
    const csv = 'whole,number,code,date,gap,big\n1,1.5,00501,2020-01-01,,123456789012345678\n-20,2,10115,2020-01-02,3,1\n'
    await appendColumns(file('in.csv', csv), { columns: ['whole'] }, [column('v', 0.5, 0.25)], at('out.parquet'))
    expect(await query(`select column_type from (describe from '${at('out.parquet')}')`)).toEqual([['BIGINT'], ['DOUBLE'], ['VARCHAR'], ['VARCHAR'], ['BIGINT'], ['BIGINT'], ['DOUBLE']])
    expect(await query(`from '${at('out.parquet')}'`)).toEqual([[1n, 1.5, '00501', '2020-01-01', null, 123456789012345678n, 0.5], [-20n, 2, '10115', '2020-01-02', 3n, 1n, 0.25]])
  })

  it('keeps the types of Parquet, and its awkward names', async () => {
    await query(`copy (select 1::tinyint as place, date '2020-01-01' as "d ""q""", [1, 2] as l, 'c' as c0) to '${at('in.parquet')}'`)
    await appendColumns(at('in.parquet'), {}, [column('v', 9)], at('out.parquet'))
    expect(await query(`select column_name, column_type from (describe from '${at('out.parquet')}')`)).toEqual([['place', 'TINYINT'], ['d "q"', 'DATE'], ['l', 'INTEGER[]'], ['c0', 'VARCHAR'], ['v', 'DOUBLE']])
    expect((await query(`select place, v from '${at('out.parquet')}'`))).toEqual([[1, 9]])
  })

  it('puts each value beside its row, however many rows, row groups and threads', async () => {
    const rows = 200_000
    await query(`copy (select i::int as i from range(${rows}) t(i)) to '${at('long.parquet')}' (row_group_size 10000)`)
    const values = Float64Array.from({ length: rows }, (_, i) => i / 7)
    await appendColumns(at('long.parquet'), { threads: 4 }, [{ name: 'v', values }], at('out.parquet'))
    const table = await readTable(at('out.parquet'))
    let wrong = 0
    for (let i = 0; i < rows; i++) if (table.values[2 * i] !== i || table.values[2 * i + 1] !== i / 7) wrong++
    expect([table.rows, wrong]).toEqual([rows, 0])
    await query(`copy (from '${at('long.parquet')}') to '${at('long.csv')}' (header)`)
    await appendColumns(at('long.csv'), { threads: 4 }, [{ name: 'v', values }], at('out.csv'))
    const again = await readTable(at('out.csv'))
    expect(Buffer.from(again.values.buffer).equals(Buffer.from(table.values.buffer))).toBe(true)
  })

  it('writes doubles that read back exactly', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 20 }), async (values) => {
      const source = file('in.csv', `a\n${values.map((_, i) => i).join('\n')}\n`)
      await appendColumns(source, {}, [column('v', ...values)], at('out.csv'))
      expect([...(await readTable(at('out.csv'), { columns: ['v'] })).values].map((v) => v + 0)).toEqual(values.map((v) => v + 0))
    }), { numRuns: 10 })
  })

  it('leaves out the rows that reading drops', async () => {
    const source = file('holes.csv', 'x,y,name\n1,2,a\n,3,b\nNaN,4,c\n5,,d\n6,7,e\n')
    const options = { columns: ['x'], missing: 'drop' } as const
    const table = await readTable(source, options)
    expect([...table.values]).toEqual([1, 5, 6])
    await appendColumns(source, options, [{ name: 'v', values: table.values.slice() }], at('out.csv'))
    expect(text('out.csv')).toBe('x,y,name,v\n1,2,a,1.0\n5,,d,5.0\n6,7,e,6.0\n')
    await appendColumns(source, {}, [column('v', 1, 2, 3, 4, 5)], at('all.csv'))
    expect(text('all.csv').split('\n').length).toBe(7)
    await expect(appendColumns(source, options, [column('v', 1, 2)], at('short.csv'))).rejects.toThrow('appendColumns: 2 values of v for 3 rows')
  })

  it('reads standard input once for both', async () => {
    const source = await openSource('-', { standardInput: Readable.from(['a,b\n1,x\n', '2,y\n']) })
    try {
      const table = await readTable(source)
      await appendColumns(source, {}, [{ name: 'v', values: table.values.slice() }], at('out.csv'))
      await appendColumns(source, {}, [{ name: 'w', values: table.values.slice() }], at('again.csv'))
    } finally {
      await source.close()
    }
    expect(text('out.csv')).toBe('a,b,v\n1,x,1.0\n2,y,2.0\n')
    expect(text('again.csv')).toBe('a,b,w\n1,x,1.0\n2,y,2.0\n')
  })

  it('replaces the very file it reads', async () => {
    const source = file('in.csv', 'a\n1\n2\n')
    await appendColumns(source, {}, [column('v', 3, 4)], source)
    expect(text('in.csv')).toBe('a,v\n1,3.0\n2,4.0\n')
  })

  it('takes the rows of a statement', async () => {
    file('in.csv', 'a,b\n1,x\n2,y\n')
    await appendColumns(null, { sql: `select b, a::int as a from '${at('in.csv')}' order by a desc` }, [column('v', 3, 4)], at('out.parquet'))
    expect(await query(`from '${at('out.parquet')}'`)).toEqual([['y', 2, 3], ['x', 1, 4]])
  })
})

describe('what cannot be written', () => {
  it('is refused, and nothing is left behind', async () => {
    const source = file('in.csv', 'a,Energy\n1,2\n3,4\n')
    const v = column('v', 1, 2)
    expect(await refusal(appendColumns(source, {}, [column('energy', 1, 2)], at('out.csv')))).toMatchObject({
      code: 'column-exists',
      message: 'cannot write out.csv: in.csv already has a column "Energy", which would be written (rename it there, or select the other columns with --sql)',
    })
    expect(await refusal(appendColumns(source, {}, [v, v], at('out.csv')))).toMatchObject({ code: 'column-exists' })
    expect(await refusal(appendColumns(source, {}, [v], at('out.xlsx')))).toMatchObject({ code: 'unknown-format', kind: 'usage', message: expect.stringContaining('invalid output: out.xlsx (must end in .csv') })
    expect(await refusal(appendColumns(source, {}, [v], at('out.parquet.gz')))).toMatchObject({ code: 'unknown-format' })
    expect(await refusal(appendColumns(source, {}, [v], at('absent/out.csv')))).toMatchObject({ code: 'missing-file' })
    expect(await refusal(appendColumns(source, {}, [v], at('in.csv/out.csv')))).toMatchObject({ code: 'not-a-folder' })
    mkdirSync(at('folder.csv'))
    expect(await refusal(appendColumns(source, {}, [v], at('folder.csv')))).toMatchObject({ code: 'is-a-folder' })
    // The last row does not fit: found only while writing.
    file('bad.csv', `a\n${'1\n'.repeat(50_000)}1,2\n`)
    expect(await refusal(appendColumns(at('bad.csv'), {}, [v], at('out.csv')))).toMatchObject({ code: 'malformed-csv' })
    expect(readdirSync(folder).sort()).toEqual(['bad.csv', 'folder.csv', 'in.csv'])
  })

  it('includes a device, through a link too', async () => {
    symlinkSync('/dev/full', at('full.csv'))
    const source = file('in.csv', `a\n${'1\n'.repeat(1000)}`)
    expect(await refusal(appendColumns(source, {}, [{ name: 'v', values: new Float64Array(1000) }], at('full.csv')))).toMatchObject({ code: 'not-a-file', message: expect.stringContaining('pipe or device') })
    expect(readdirSync(folder).sort()).toEqual(['full.csv', 'in.csv'])
  })
})

it('tells formats from names', () => {
  expect(outputFormat('A.CSV.GZ')).toEqual({ format: 'csv', delimiter: ',', compression: 'gzip' })
  expect(outputFormat('a.b.parquet')).toEqual({ format: 'parquet', delimiter: ',', compression: 'none' })
  expect(outputFormat('a.tsv.zst')).toEqual({ format: 'csv', delimiter: '\t', compression: 'zstd' })
})
