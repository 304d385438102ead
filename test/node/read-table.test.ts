// Reading tables through real files: every format, and every way in which a file can be wrong.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { openSource } from '../../src/node/data-source.ts'
import { parseColumnList, readTable } from '../../src/node/read-table.ts'
import { dataFolder, duckdb, read } from './data-folder.ts'

const { folder, file, refusal } = dataFolder()

const plain = 'x,y,name\n1,2.5,foo\n-3,4e2,bar\n'
const values = [1, 2.5, -3, 400]

describe('formats', () => {
  const expected = { columns: ['x', 'y'], values, columnsLeftOut: ['name'] }

  it('reads CSV with any delimiter, quotes, byte order mark and line end', async () => {
    const texts: Readonly<Record<string, string>> = {
      'a.csv': plain,
      'a.tsv': plain.replaceAll(',', '\t'),
      'semicolon.csv': plain.replaceAll(',', ';'),
      'bar.txt': plain.replaceAll(',', '|'),
      'quoted.csv': '\uFEFF"x","y","name"\r\n"1","2.5","foo, ""F"""\r\n-3, 4e2 ,"two\nlines"\r\n\r\n',
      'open-end.csv': plain.trimEnd(),
    }
    for (const [name, text] of Object.entries(texts)) expect(await read(file(name, text)), name).toEqual(expected)
  })

  it('reads packed CSV and JSON', async () => {
    expect(await read(file('a.csv.gz', gzipSync(plain)))).toEqual(expected)
    await duckdb(`copy (from (values (1, 2.5, 'foo'), (-3, 400, 'bar')) t(x, y, name)) to '${folder}/a.csv.zst' (format csv, header, compression zstd)`)
    expect(await read(join(folder, 'a.csv.zst'))).toEqual(expected)
    await duckdb(`copy (from (values (1, 2.5, 'foo'), (-3, 400, 'bar')) t(x, y, name)) to '${folder}/a.json.zst' (format json, compression zstd)`)
    expect(await read(join(folder, 'a.json.zst'))).toEqual(expected)
  })

  it('reads JSON as an array and line by line, late columns too', async () => {
    expect(await read(file('a.json', '[{"x": 1, "y": 2.5, "name": "foo"}, {"x": -3, "y": 400, "name": "bar"}]'))).toEqual(expected)
    expect(await read(file('a.ndjson', '{"x": 1, "y": 2.5, "name": "foo"}\n{"x": -3, "y": 400, "name": "bar"}\n'))).toEqual(expected)
    // Whole numbers until far beyond DuckDB's usual sample of 20480 rows, then a fraction and a new key.
    const lines = Array.from({ length: 30_000 }, (_, i) => `{"x": ${i}}`)
    const late = await refusal(file('late.ndjson', `${lines.join('\n')}\n{"x": 0.5, "z": 1}\n`))
    expect(late.message).toContain('30000 rows have missing or infinite values: row 1 ("z" is empty)')
    const table = await readTable(join(folder, 'late.ndjson'), { columns: ['x'] })
    expect([table.rows, table.values[30_000]]).toEqual([30_001, 0.5])
  })

  it('reads every numeric type of Parquet, and no other', async () => {
    await duckdb(`copy (select 1::tinyint a, 2::usmallint b, 3::bigint c, 4::hugeint d, 1.25::decimal(9,2) e, 2.5::float f, 0.1::double g,
      true h, date '2020-01-01' i, 'text' j, [1, 2] k) to '${folder}/types.parquet'`)
    expect(await read(join(folder, 'types.parquet'))).toEqual({ columns: ['a', 'b', 'c', 'd', 'e', 'f', 'g'], values: [1, 2, 3, 4, 1.25, 2.5, 0.1], columnsLeftOut: ['h', 'i', 'j', 'k'] })
    expect(await refusal(join(folder, 'types.parquet'), { columns: ['a', 'h'] })).toMatchObject({
      code: 'not-numeric', message: 'types.parquet: column "h" is not numeric: its type is BOOLEAN (leave it out of --columns, or convert it with --sql)',
    })
  })

  it('reads globs and folders of Parquet, nested ones too, in the order of their names', async () => {
    mkdirSync(join(folder, 'parts/deep'), { recursive: true })
    await duckdb(`copy (select 1 x) to '${folder}/parts/a.parquet'`, `copy (select 2 x) to '${folder}/parts/b.parquet'`, `copy (select 3 x) to '${folder}/parts/deep/c.parquet'`)
    expect((await read(join(folder, 'parts'))).values).toEqual([1, 2, 3])
    expect((await read(join(folder, 'parts/*.parquet'))).values).toEqual([1, 2])
    file('part1.csv', 'x,y\n1,2\n')
    file('part2.csv', 'x,y\n3,4\n')
    expect((await read(join(folder, 'part?.csv'))).values).toEqual([1, 2, 3, 4])
  })

  it('keeps fractions in files behind one of whole numbers, and takes columns in another order', async () => {
    mkdirSync(join(folder, 'types'), { recursive: true })
    await duckdb(`copy (select 1 x, 2 y) to '${folder}/types/a.parquet'`, `copy (select 0.5::double y, 2.5::double x) to '${folder}/types/b.parquet'`)
    expect((await read(join(folder, 'types'))).values).toEqual([1, 2, 2.5, 0.5])
    await duckdb(`copy (select 3 x, 4 z) to '${folder}/types/c.parquet'`)
    expect(await refusal(join(folder, 'types'))).toMatchObject({ code: 'columns-differ', message: 'types/c.parquet: columns x, z differ from those of types/a.parquet, x, y (files read together must have the same columns)' })
  })

  it('takes a file by its very name, patterns and quotation marks in it notwithstanding', async () => {
    file('data1.csv', 'x\n9\n8\n')
    expect((await read(file('data[1].csv', 'x\n1\n2\n'))).values).toEqual([1, 2])
    expect((await read(file("it's.csv", 'x\n1\n2\n'))).values).toEqual([1, 2])
  })

  it('reads a table of a database file, and leaves the file as it is', async () => {
    const path = join(folder, 'store.duckdb')
    await duckdb(`attach '${path}' as s`, 'use s', 'create table points as from (values (1, 2.5), (-3, 400)) t(x, y)', 'create schema other', 'create table other.deep as select 7 z', 'create view seen as select x from points', 'use memory', 'detach s')
    expect((await read(path, { table: 'points' })).values).toEqual(values)
    expect((await read(path, { table: 'other.deep' })).values).toEqual([7])
    expect((await read(path, { table: 'seen' })).values).toEqual([1, -3])
    expect((await read(path, { sql: 'select y from points where x > 0' })).values).toEqual([2.5])
    expect(await refusal(path)).toMatchObject({ code: 'missing-table', message: 'store.duckdb: a database; which table? (--table, one of points, seen, other.deep)' })
    const single = join(folder, 'single.duckdb')
    await duckdb(`attach '${single}' as s`, 'create table s.only as select 5 x', 'detach s')
    expect((await read(single)).values).toEqual([5])
    expect(await refusal(path, { table: 'point' })).toMatchObject({ code: 'unknown-table', message: 'store.duckdb: unknown table: point (did you mean points?) (must be one of points, seen, other.deep)' })
    expect(existsSync(`${path}.wal`)).toBe(false)
    expect((await refusal(path, { sql: 'create table data.more as select 1' })).code).toBe('invalid-sql')
    expect((await refusal(file('fake.duckdb', 'no database'), { table: 't' })).code).toBe('not-a-database')
    expect(await refusal(file('a.csv', plain), { table: 't' })).toMatchObject({ code: 'not-a-database' })
  })

  it('reads a statement, which may name files and end in a comment', async () => {
    file('a.csv', plain)
    const sql = `select y, x from '${folder}/a.csv' order by x; `
    expect(await readTable(null, { sql })).toMatchObject({ source: sql, columns: ['y', 'x'], rows: 2, columnsLeftOut: [] })
    expect((await read(null, { sql: 'select 1 as a -- one' })).values).toEqual([1])
    expect(await refusal(null, { sql: 'select 1 as a, 2 as a' })).toMatchObject({ code: 'duplicate-names' })
    expect(await refusal(null, { sql: 'selec 1' })).toMatchObject({ code: 'invalid-sql', message: expect.stringContaining('invalid --sql: syntax error at or near "selec"') })
    expect((await refusal(null, { sql: 'select 1 as a; drop table x' })).code).toBe('invalid-sql')
    expect(await refusal(null, {})).toMatchObject({ code: 'missing-data', kind: 'usage' })
    for (const options of [{ sql: 'select 1 as a' }, { table: 't' }]) {
      expect(await refusal('-', { ...options, standardInput: Readable.from([plain]) })).toMatchObject({ code: 'conflicting-options', kind: 'usage', message: expect.stringContaining('not together with standard input') })
    }
  })

  it('reads a statement once, so that what it draws at random agrees with itself', async () => {
    const source = await openSource(null, { sql: 'select random() as u from range(5000)' })
    try {
      expect((await readTable(source)).values).toEqual((await readTable(source)).values)
    } finally {
      await source.close()
    }
  })

  it('reads standard input, and leaves no copy behind', async () => {
    // A folder for temporary files of its own, for other tests use the common one meanwhile.
    mkdirSync(join(folder, 'temporary'))
    vi.stubEnv('TMPDIR', join(folder, 'temporary'))
    const table = await readTable('-', { standardInput: Readable.from([plain.slice(0, 10), plain.slice(10)]) })
    expect([table.source, ...table.values]).toEqual(['-', ...values])
    const error = await refusal('-', { standardInput: Readable.from(['x\n1\noops\n2\n']) })
    expect(error.message).toContain('standard input: column "x" is numeric but for 1 of its 3 cells: row 2 has "oops"')
    const failing = new Readable({ read() { this.destroy(Object.assign(new Error('broken'), { code: 'EIO' })) } })
    expect((await refusal('-', { standardInput: failing })).code).toBe('disk-error')
    const source = await openSource('-', { standardInput: Readable.from([plain]) })
    expect(readdirSync(join(folder, 'temporary')).length).toBe(1)
    await source.close()
    await source.close()
    vi.unstubAllEnvs()
    expect(readdirSync(join(folder, 'temporary'))).toEqual([])
  })

  it('reads every double back exactly, through CSV and Parquet', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 30 }), async (numbers) => {
      const table = await readTable(file('doubles.csv', `x\n${numbers.join('\n')}\n`))
      expect([...table.values].map((v) => v + 0)).toEqual(numbers.map((v) => v + 0))
    }), { numRuns: 15 })
  })

  it('keeps the order of many rows in several row groups, on several threads', async () => {
    await duckdb(`copy (select i::int as i, -i::double as j from range(150000) t(i)) to '${folder}/long.parquet' (row_group_size 10000)`)
    const table = await readTable(join(folder, 'long.parquet'), { threads: 4 })
    expect(table.rows).toBe(150_000)
    expect(table.values.every((v, at) => v === (at % 2 === 0 ? at / 2 : -(at - 1) / 2))).toBe(true)
    await duckdb(`copy (from '${folder}/long.parquet') to '${folder}/long.csv' (header)`)
    const again = await readTable(join(folder, 'long.csv'), { threads: 4 })
    expect(Buffer.from(again.values.buffer).equals(Buffer.from(table.values.buffer))).toBe(true)
  })
})

describe('columns', () => {
  it('takes those asked for, in that order, and lists the others', async () => {
    expect(await read(file('three.csv', 'a,b,c\n1,2,3\n4,5,6\n'), { columns: ['c', 'a'] })).toEqual({ columns: ['c', 'a'], values: [3, 1, 6, 4], columnsLeftOut: ['b'] })
  })

  it('keeps names as they are: dots, spaces, case, SQL words, quotation marks', async () => {
    const names = ['Sepal.Length', 'two words', 'x', 'X', 'select', 'say "hi"', "it's", 'naïve']
    const header = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(',')
    const path = file('names.csv', `${header}\n${names.map((_, i) => i).join(',')}\n`)
    expect((await read(path)).columns).toEqual(names)
    expect((await read(path, { columns: ['X', 'say "hi"'] })).values).toEqual([3, 5])
  })

  it('names columns without a name by their place', async () => {
    expect((await read(file('rows.csv', '"",x\n1,5\n2,6\n'))).columns).toEqual(['column1', 'x'])
  })

  it('suggests the nearest name', async () => {
    expect(await refusal(file('iris.csv', 'Sepal.Length,Sepal.Width\n1,2\n'), { columns: ['Sepal.Lenght'] })).toMatchObject({
      code: 'unknown-column', message: 'iris.csv: unknown column: Sepal.Lenght (did you mean Sepal.Length?) (must be one of Sepal.Length, Sepal.Width)',
    })
    expect(await refusal(file('iris.csv', 'a,b\n1,2\n'), { columns: ['a', 'a'] })).toMatchObject({ code: 'repeated-column' })
  })

  it('refuses duplicated names', async () => {
    expect(await refusal(file('twice.csv', 'x,y,x\n1,2,3\n'))).toMatchObject({ code: 'duplicate-names', message: 'twice.csv: columns 1 and 3 are both named "x" (names must differ: rename one)' })
  })

  it('refuses a mostly numeric text column, naming the cells', async () => {
    const cells = ['1', 'oops', '3', '', '1_000', '4', '5', '0x10', '6', '7', '8', '1,5', '12 cm', 'x', 'y']
    const path = file('dirty.csv', `id,v\n${cells.map((cell, i) => `${i},"${cell}"`).join('\n')}\n`)
    expect(await refusal(path)).toMatchObject({
      code: 'text-in-numeric-column',
      message: 'dirty.csv: column "v" is numeric but for 7 of its 14 cells: row 2 has "oops", row 5 has "1_000", row 8 has "0x10", row 12 has "1,5", row 13 has "12 cm", … '
        + '(correct them, or name the columns to use with --columns; a decimal comma, as in "1,5", is not read: write a point, or read the file with '
        + `--sql "select * from read_csv('dirty.csv', delim = ',', decimal_separator = ',')"; rows count from 1, without the header)`,
    })
    expect((await read(path, { columns: ['id'] })).columns).toEqual(['id'])
    expect(await refusal(file('text.csv', 'id,v\n1,a\n2,b\n3,4\n'), { columns: ['v'] })).toMatchObject({ code: 'not-numeric', message: expect.stringContaining('text.csv: column "v" is not numeric: row 1 has "a", row 2 has "b" (') })
    expect((await read(join(folder, 'text.csv'))).columnsLeftOut).toEqual(['v'])
    expect(await refusal(file('mixed.json', '[{"x": 1}, {"x": "bad"}, {"x": 3}]'))).toMatchObject({ code: 'text-in-numeric-column', message: expect.stringContaining('row 2 has "bad"') })
  })

  it('names the file of several', async () => {
    file('many1.csv', 'x\n1\n2\n')
    file('many2.csv', 'x\n3\n4\nbad\n')
    file('many3.csv', 'x\n5\nworse\n')
    const { message } = await refusal(join(folder, 'many*.csv'))
    expect(message).toContain('many*.csv: column "x" is numeric but for 2 of its 7 cells: many2.csv row 3 has "bad", many3.csv row 2 has "worse"')
  })

  it('leaves out a column without any number, but not when asked for', async () => {
    const path = file('empty-column.csv', 'x,y\n1,\n2,NA\n')
    expect(await read(path)).toEqual({ columns: ['x'], values: [1, 2], columnsLeftOut: ['y'] })
    expect(await refusal(path, { columns: ['y'] })).toMatchObject({ code: 'not-numeric', message: expect.stringContaining('all its cells are empty') })
    expect(await refusal(file('words.csv', 'a,b\nu,v\n'))).toMatchObject({ code: 'no-numeric-column', message: 'words.csv: no numeric column among a ("u"), b ("v") (at least one is needed)' })
  })

  it('leaves out a column that begins with numbers and is mostly text', async () => {
    const cells = [...Array.from({ length: 10_000 }, (_, k) => k), ...Array.from({ length: 10_001 }, () => 'text')]
    expect(await read(file('later.csv', `x,y\n${cells.map((cell, k) => `${k},${cell}`).join('\n')}\n`))).toMatchObject({ columns: ['x'], columnsLeftOut: ['y'] })
  })

  it('reads a long table as a short one, complete or not', async () => {
    // More numbers than are read before their number is known.
    const count = 700_000
    const cells = (last: string): string => `x,y\n${Array.from({ length: count - 1 }, (_, k) => `${k},1`).join('\n')}\n${last}\n`
    const table = await readTable(file('long.csv', cells('7,2')))
    expect([table.rows, table.rowsRead, table.values.length, ...table.values.slice(-4)]).toEqual([count, count, 2 * count, count - 2, 1, 7, 2])
    expect(await refusal(file('long-gap.csv', cells('7,')))).toMatchObject({ code: 'missing-values', message: expect.stringContaining(`1 row has a missing or infinite value: row ${count} ("y" is empty)`) })
  })

  it('parses lists of names', () => {
    expect(parseColumnList('a, b c ,`Sepal.Length`,`x,y`,`back``quote`')).toEqual(['a', 'b c', 'Sepal.Length', 'x,y', 'back`quote'])
    for (const text of ['', 'a,', ',a', 'a,,b', '`a', 'a`b', '``', '`a`b']) expect(() => parseColumnList(text), text).toThrow('invalid columns')
    fc.assert(fc.property(fc.array(fc.string({ minLength: 1 }).filter((name) => name.trim() !== ''), { minLength: 1 }), (names) => {
      expect(parseColumnList(names.map((name) => `\`${name.replaceAll('`', '``')}\``).join(','))).toEqual(names)
    }))
  })
})

describe('missing values', () => {
  const text = 'x,y\n1,2\n,3\nNaN,4\n5,inf\n6,7\nNA,null\n8,1e999\n9,N/A\n'

  it('are refused with the first five rows', async () => {
    expect(await refusal(file('holes.csv', text))).toMatchObject({
      code: 'missing-values',
      message: 'holes.csv: 6 rows have missing or infinite values: row 2 ("x" is empty), row 3 ("x" is NaN), row 4 ("y" is inf), row 6 ("x" is NA, "y" is null), row 7 ("y" is 1e999), … '
        + '(fill them in, or drop these rows with --missing drop; rows count from 1, without the header)',
    })
  })

  it('are dropped and counted on demand', async () => {
    const table = await readTable(file('holes.csv', text), { missing: 'drop' })
    expect([...table.values]).toEqual([1, 2, 6, 7])
    expect([table.rows, table.rowsRead]).toEqual([2, 8])
    expect(await refusal(file('all-holes.csv', 'x,y\n1,\n,2\n'), { missing: 'drop' })).toMatchObject({ code: 'empty-table', message: expect.stringContaining('no row is left') })
  })

  it('matter in the columns used only', async () => {
    expect((await read(file('holes.csv', 'x,y\n1,2\n,3\n'), { columns: ['y'] })).values).toEqual([2, 3])
  })

  it('include NaN and infinity by themselves, of either sign', async () => {
    for (const cell of ['nan', 'inf', '-inf', '-1e999']) {
      expect((await refusal(file('one-hole.csv', `x\n1\n${cell}\n3\n`))).message).toContain(`one-hole.csv: 1 row has a missing or infinite value: row 2 ("x" is ${cell})`)
      expect((await read(join(folder, 'one-hole.csv'), { missing: 'drop' })).values).toEqual([1, 3])
    }
  })

  it('are found in Parquet and JSON too', async () => {
    await duckdb(`copy (from (values (1, 0.5), (null, 'nan'::double), (3, 'inf'::double)) t(a, b)) to '${folder}/holes.parquet'`)
    expect((await refusal(join(folder, 'holes.parquet'))).message).toContain('holes.parquet: 2 rows have missing or infinite values: row 2 ("a" is empty, "b" is nan), row 3 ("b" is inf)')
    expect((await read(join(folder, 'holes.parquet'), { missing: 'drop' })).values).toEqual([1, 0.5])
    expect((await refusal(file('holes.json', '[{"x": 1}, {"x": null}, {}]'))).message).toContain('row 2 ("x" is empty), row 3 ("x" is empty)')
  })
})

describe('unreadable files', () => {
  it('are refused with the reason', async () => {
    expect(await refusal(join(folder, 'absent.csv'))).toMatchObject({ code: 'missing-file', message: 'cannot read absent.csv: no such file or folder (check the path)' })
    expect(await refusal(join(folder, 'absent*.csv'))).toMatchObject({ code: 'missing-file', message: 'no file matches absent*.csv (check the path; put the pattern in quotes)' })
    mkdirSync(join(folder, 'empty-folder'), { recursive: true })
    expect(await refusal(join(folder, 'empty-folder'))).toMatchObject({ code: 'missing-file', message: expect.stringContaining('no Parquet file in this folder') })
    expect(await refusal(file('broken.parquet', 'PAR1 and no more'))).toMatchObject({ code: 'unreadable-file', message: expect.stringMatching(/^broken\.parquet: cannot be read: .* \(write or copy the file again; its ending must say what it holds\)$/) })
    expect(await refusal(file('broken.json', '{"x": 1}\n{"x": \n'))).toMatchObject({ code: 'unreadable-file' })
    for (const name of ['plain.xlsx', 'plain.dat', 'plain', 'plain.gz', 'plain.dat.gz', 'csv']) {
      expect(await refusal(file(name, plain)), name).toMatchObject({ code: 'unknown-format', message: expect.stringMatching(`^${name}: unknown format \\(must end in \\.csv, \\.tsv, .*\\.parquet, .*give CSV as standard input`) })
    }
    expect(await refusal('/dev/null')).toMatchObject({ code: 'not-a-file', message: 'cannot read /dev/null: it is a pipe or device, not a file (give CSV as standard input, with - for the data)' })
    expect(await refusal(file('a.parquet.gz', gzipSync('PAR1')))).toMatchObject({ code: 'compressed-file' })
    file('mix1.csv', 'x\n1\n')
    file('mix2.json', '{"x": 1}')
    expect(await refusal(join(folder, 'mix*'))).toMatchObject({ code: 'mixed-formats' })
    expect((await refusal(null, { sql: "select * from 'https://127.0.0.1:1/a.csv'" })).code).toBe('invalid-sql')
  })

  it('include compressed ones that are cut off anywhere or damaged, which DuckDB would read up to the cut', async () => {
    const text = `x,y\n${Array.from({ length: 30_000 }, (_, i) => `${i},${i * i}`).join('\n')}\n`
    const packed = gzipSync(text)
    for (const length of [5, 40, packed.length >> 1, packed.length - 9, packed.length - 1]) {
      expect(await refusal(file('cut.csv.gz', packed.subarray(0, length)))).toMatchObject({ code: 'damaged-file', message: 'cut.csv.gz: the compressed file is cut off (copy or pack the file again)' })
    }
    expect(await refusal(file('text.csv.gz', plain))).toMatchObject({ code: 'damaged-file', message: expect.stringContaining('not a gzip file') })
    expect((await readTable(file('whole.csv.gz', packed))).rows).toBe(30_000)
    expect((await readTable(file('members.csv.gz', Buffer.concat([packed, gzipSync('1,2\n')])))).rows).toBe(30_001)

    await duckdb(`copy (from '${file('whole.csv', text)}') to '${folder}/whole.csv.zst' (format csv, header, compression zstd)`)
    const frames = readFileSync(join(folder, 'whole.csv.zst'))
    expect((await readTable(join(folder, 'whole.csv.zst'))).rows).toBe(30_000)
    for (let k = 1; k <= 40; k++) {
      const length = k < 20 ? k : Math.floor((frames.length * k) / 41)
      expect(await refusal(file('cut.csv.zst', frames.subarray(0, length))), `${length} bytes`).toMatchObject({ code: 'damaged-file', message: 'cut.csv.zst: the compressed file is cut off (copy or pack the file again)' })
    }
    expect((await refusal(file('cut.csv.zst', frames.subarray(0, frames.length - 1)))).code).toBe('damaged-file')
    expect((await refusal(file('text.csv.zst', plain))).message).toContain('not a Zstandard file')
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
    expect((await readTable(file('two.csv.zst', Buffer.concat([skippable, frames])))).rows).toBe(30_000)
  })

  it('include those of no rows, no header, or none that fits', async () => {
    expect(await refusal(file('zero.csv', ''))).toMatchObject({ code: 'empty-table', message: expect.stringContaining('its first line is empty') })
    expect(await refusal(file('head.csv', 'x,y\n'))).toMatchObject({ code: 'empty-table', message: 'head.csv: no rows (must hold at least one: add rows, or choose another file or statement)' })
    expect(await refusal(file('headless.csv', '1,2\n3,4\n'))).toMatchObject({ code: 'no-header', message: 'headless.csv: its first line is all numbers, 1,2 (must hold the column names: add a line such as x1,x2)' })
    file('same1.csv', 'x,y\n1,2\n')
    file('same2.csv', 'y,x\n1,2\n')
    expect(await refusal(join(folder, 'same*.csv'))).toMatchObject({ code: 'columns-differ' })
  })

  it('include CSV whose rows do not fit: no line is skipped, padded or cut in silence', async () => {
    expect(await refusal(file('short.csv', 'x,y\n1,2.5\n3\n4,5\n'))).toMatchObject({ code: 'malformed-csv', message: 'short.csv: line 3: 1 cell where the header has 2: 3 (correct the line; lines count from 1, the header included)' })
    expect(await refusal(file('wide.csv', 'x,y\n1,2.5\n4,5,6\n'))).toMatchObject({ code: 'malformed-csv', message: expect.stringContaining('wide.csv: line 3: 3 cells where the header has 2: 4,5,6') })
    expect(await refusal(file('title.csv', 'my data\nx,y\n1,2\n'))).toMatchObject({ code: 'malformed-csv', message: expect.stringContaining('line 2: 2 cells where the header has 1') })
    expect(await refusal(file('quote.csv', 'x,y\n1,"2\n3,4\n'))).toMatchObject({ code: 'malformed-csv', message: expect.stringContaining('a quotation mark is not closed') })
    expect(await refusal(file('latin.csv', Uint8Array.of(0x78, 10, 0x31, 10, 0xff, 0xe9, 10)))).toMatchObject({ code: 'malformed-csv', message: expect.stringContaining('not UTF-8 text') })
    const long = Array.from({ length: 60_000 }, (_, i) => `${i},${i}`).join('\n')
    expect(await refusal(file('late.csv', `x,y\n${long}\n7\n8,8\n`))).toMatchObject({ code: 'malformed-csv', message: expect.stringContaining('line 60002: 1 cell') })
  })

  it.runIf(process.getuid?.() !== 0)('include those we may not read', async () => {
    const path = file('secret.csv', plain)
    execFileSync('chmod', ['000', path])
    expect(await refusal(path)).toMatchObject({ code: 'not-permitted' })
  })
})
