// A covariance as people write it to a file: with and without names, quoted ones too, with any delimiter.
import { expect, it } from 'vitest'
import { readCovariance } from '../../src/node/read-covariance.ts'
import { dataFolder } from './data-folder.ts'

const { file } = dataFolder()

it.each([
  ['plain numbers', '0.04,0.01\n0.01,0.09\n'], ['blanks, as numpy writes', '4e-2 1e-2\n1e-2 9e-2\n'], ['tabs and CRLF', '\uFEFF0.04\t0.01\r\n0.01\t0.09\r\n'],
  ['names in the other order', 'y,x one\n0.09,0.01\n0.01,0.04\n'], ['quoted names', '"x one", y\n0.04, 0.01\n0.01, 0.09\n'], ['semicolons', 'x one;y\n0.04;0.01\n0.01;0.09\n'],
])('%s', async (_, text) => {
  expect(await readCovariance(file('covariance.csv', text), ['x one', 'y'])).toEqual([0.04, 0.01, 0.01, 0.09])
})

it('names that hold delimiters and quotation marks, and a single column', async () => {
  expect(await readCovariance(file('quoted.csv', '"say ""a, b""",c\n4,1\n1,9\n'), ['c', 'say "a, b"'])).toEqual([9, 1, 1, 4])
  expect(await readCovariance(file('single.csv', 'two words\n4\n'), ['two words'])).toEqual([4])
  await expect(readCovariance(file('open.csv', '"a,b\n1,0\n0,1\n'), ['a', 'b'])).rejects.toMatchObject({ code: 'invalid-noise', message: expect.stringContaining('has a quotation mark in line 1 that is not closed') })
})
