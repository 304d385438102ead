// The frame of the command line, through processes: the built program, and a stand-in with commands made for these tests.
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { commands } from '../../src/cli/commands.ts'
import { version } from '../../src/base/version.ts'
import { run, start } from './program.ts'
import type { Ended } from './program.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
let folder = ''
let program = ''
beforeAll(async () => {
  // Inside the project, so that packages are found.
  await mkdir(here('../../.cache'), { recursive: true })
  folder = await mkdtemp(here('../../.cache/frame-'))
  program = join(folder, 'program.mjs')
  buildSync({ entryPoints: [here('fixtures/program.ts')], outfile: program, bundle: true, format: 'esm', platform: 'node', external: ['commander'] })
})
afterAll(async () => { await rm(folder, { recursive: true, force: true }) })

const fake = (...words: string[]) => run(words, { program })
/** The one document on standard output; fails when there is more or less. */
const json = (ended: Ended) => JSON.parse(ended.stdout) as Record<string, unknown>
const errorOf = (ended: Ended) => (json(ended) as { error: { code: string, message: string } }).error

describe('the built program', () => {
  it('shows its commands and exits 0', async () => {
    const { code, stdout, stderr } = await run(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^Usage: unnorm COMMAND/)
    for (const [name, { sentence }] of Object.entries(commands)) expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`${name} ${sentence}`)
    expect(json(await run(['--help', '--json']))).toMatchObject({ program: 'unnorm', commands: Object.keys(commands).map((name) => ({ name })) })
  })
  it('has one file for each command, and help for it', async () => {
    const files = (await readdir(here('../../src/cli/commands'))).map((name) => name.replace(/\.ts$/, '')).sort()
    expect(files).toEqual(Object.keys(commands).sort())
    for (const [name, { sentence }] of Object.entries(commands)) {
      const { code, stdout } = await run([name, '--help'])
      expect(code).toBe(0)
      expect(stdout).toContain(`Usage: unnorm ${name}`)
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(sentence)
    }
  })
  it('tells the version of package.json', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' })
    expect(json(await run(['-V', '--json']))).toEqual({ version })
  })
  it('without a command shows help on standard error and exits 2', async () => {
    const { code, stdout, stderr } = await run([])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('Usage: unnorm')
    const asJson = await run(['--json'])
    expect(asJson.code).toBe(2)
    expect(errorOf(asJson).code).toBe('missing-command')
  })
  it('refuses unknown commands and options', async () => {
    const command = await run(['banana', '--json'])
    expect(command.code).toBe(2)
    expect(errorOf(command)).toEqual({ code: 'unknown-command', message: 'unknown command: banana (see unnorm --help)' })
    const option = await run(['--hepl'])
    expect(option).toEqual({ code: 2, stdout: '', stderr: 'error: unknown option --hepl (did you mean --help?)\n' })
  })
})

describe('reading the command line', () => {
  it('gives values, defaults, what was given, and the command that does it again', async () => {
    const { code, stdout, stderr } = await fake('work', 'my data.csv', '--noise', '0.5', '--hidden', '8,4', '--no-figure', '-o', 'x', '--json', '--quiet')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({
      argumentValues: { data: 'my data.csv' },
      optionValues: { noise: 0.5, hidden: [8, 4], learningRate: 0.001, missing: 'refuse', figure: false, out: 'x', json: true, quiet: true, debug: false },
      given: ['noise', 'hidden', 'figure', 'out', 'json', 'quiet'],
      commandLine: "unnorm work 'my data.csv' --noise 0.5 --hidden 8,4 --no-figure -o x",
      unknown: null,
    })
  })
  it('takes switches before the command, and - and words after -- as data', async () => {
    expect(json(await fake('--json', 'work', '-'))).toMatchObject({ argumentValues: { data: '-' } })
    expect(await fake('work', '--quiet', '--', '--json')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect((await fake('work', '--', '--json')).stdout).toBe('worked on --json\n')
  })
  it('shows help with ranges and defaults, also as help COMMAND and as JSON', async () => {
    const { stdout, code } = await fake('work', '--help')
    expect(code).toBe(0)
    const flat = stdout.replaceAll(/\s+/g, ' ')
    expect(flat).toContain('Usage: unnorm work [options] <DATA> [OTHER] works on a table')
    expect(flat).toContain('--noise <N> the noise (> 0; default chosen)')
    expect(flat).toContain('--hidden <N,N…> hidden sizes (integers ≥ 1, separated by commas; default 128,128)')
    expect(flat).toContain('--missing <NAME> empty cells (one of refuse, drop; default refuse)')
    expect(flat).toContain('Everywhere:')
    expect(stdout).toContain('Example:\n  unnorm work a.csv')
    expect((await fake('help', 'work')).stdout).toBe(stdout)
    const { options } = json(await fake('work', '--help', '--json')) as { options: { name: string }[] }
    expect(options.map(({ name }) => name)).toEqual(['noise', 'hidden', 'learningRate', 'missing', 'figure', 'out', 'json', 'quiet', 'debug'])
  })
  it.each([
    [['work', 'a', '--noise', '-1'], 'invalid-option', 'invalid noise: -1 (must be > 0)'],
    [['work', 'a', '--learning-rate', 'x'], 'invalid-option', 'invalid learning-rate: x (must be a number > 0)'],
    [['work', 'a', '--missing=dorp'], 'invalid-option', 'invalid missing: dorp (must be one of refuse, drop; did you mean drop?)'],
    [['work', 'a', '--nois', '1'], 'unknown-option', 'unknown option --nois (did you mean --noise?)'],
    [['work', 'a', '--banana'], 'unknown-option', 'unknown option --banana (see unnorm work --help)'],
    [['work', 'a', '--noise'], 'missing-value', 'missing value after --noise'],
    [['work'], 'missing-argument', 'missing DATA: the table (see unnorm work --help)'],
    [['work', 'a', 'b', 'c'], 'excess-arguments', "too many arguments: c (expected DATA OTHER; put patterns such as '*.csv' in quotes)"],
    [['wrok', 'a'], 'unknown-command', 'unknown command: wrok (did you mean work?)'],
  ])('refuses %j with exit code 2', async (words, code, message) => {
    expect(await fake(...words)).toEqual({ code: 2, stdout: '', stderr: `error: ${message}\n` })
    const asJson = await fake(...words, '--json')
    expect(asJson).toMatchObject({ code: 2, stderr: '' })
    expect(errorOf(asJson)).toEqual({ code, message })
  })
})

describe('running', () => {
  it('prints the summary on standard output, warnings on standard error, and with --quiet neither', async () => {
    expect(await fake('work', 'a')).toEqual({ code: 0, stdout: 'worked on a\n', stderr: 'warning: take care\n' })
    expect(await fake('work', 'a', '--quiet')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await fake('steps', '--count', '1', '--quiet')).toEqual({ code: 0, stdout: 'done\n', stderr: '' })
  })
  it('fails with exit code 1, a message and no stack trace', async () => {
    expect(await fake('fail', 'work')).toEqual({ code: 1, stdout: '', stderr: 'error: data.csv: no numeric column (give one)\n' })
    expect(errorOf(await fake('fail', 'work', '--json'))).toEqual({ code: 'bad-data', message: 'data.csv: no numeric column (give one)' })
  })
  it.each([['bug', 'x is undefined'], ['later', 'thrown later'], ['promise', 'rejected alone']])('reports a mistake of its own (%s)', async (how, text) => {
    expect(await fake('fail', how)).toEqual({ code: 1, stdout: '', stderr: `error: unexpected error: ${text} (this is a mistake in unnorm; --debug shows where)\n` })
    const asJson = await fake('fail', how, '--json')
    expect({ code: asJson.code, error: errorOf(asJson).code }).toEqual({ code: 1, error: 'internal' })
    expect((await fake('fail', how, '--debug')).stderr).toMatch(/Error: .*\n +at .*[^]*error: unexpected error/)
  })
  it('shows causes with --debug', async () => {
    expect((await fake('fail', 'bug', '--debug')).stderr).toContain('caused by: Error: the cause')
  })
  it('prints plain lines of progress when piped', async () => {
    const { stderr } = await fake('steps', '--count', '40')
    const lines = stderr.trimEnd().split('\n')
    expect(lines[0]).toBe('reading')
    expect(lines).toHaveLength(12)
    expect(lines[5]).toMatch(/^step 16\/40 \(40 %\) {2}objective -16\.000 {2}\d+ steps\/s {2}0:00 left$/)
  })
  it('loses nothing of a long answer, and does not mind a reader that goes away', async () => {
    expect((await fake('fail', 'long')).stdout).toHaveLength(400_001)
    const { child, ended } = start(['fail', 'long'], { program })
    child.stdout?.once('data', () => { child.stdout?.destroy() })
    expect(await ended).toMatchObject({ code: 0, stderr: '' })
  })
})

describe('Ctrl-C', () => {
  const stopping = 'stopping after the current step (Ctrl-C again quits at once)'
  it('asks the command to stop, which exits 130', async () => {
    const { child, ended, stderrHas } = start(['steps'], { program })
    await stderrHas('step 1/')
    child.kill('SIGINT')
    const { code, stdout, stderr } = await ended
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' })
    expect(stderr).toContain(stopping)
    expect(stderr).toMatch(/stopped: at step \d+; resume with …\n$/)
  })
  it('with --json gives one document', async () => {
    const { child, ended, stderrHas } = start(['steps', '--json'], { program })
    await stderrHas('step 1/')
    child.kill('SIGINT')
    const result = await ended
    expect(result.code).toBe(130)
    expect(errorOf(result).code).toBe('interrupted')
  })
  it('the second time quits at once', async () => {
    const { child, ended, stderrHas } = start(['steps', '--deaf', '--count', '100000'], { program })
    await stderrHas('step 1/')
    child.kill('SIGINT')
    await stderrHas(stopping)
    child.kill('SIGINT')
    expect((await ended).code).toBe(130)
  })
  it('exits 130 even when the work was done before it could stop, and 143 for a termination', async () => {
    const first = start(['steps', '--deaf', '--count', '60'], { program })
    await first.stderrHas('step 1/')
    first.child.kill('SIGINT')
    expect(await first.ended).toMatchObject({ code: 130, stdout: 'done\n' })
    const second = start(['steps'], { program })
    await second.stderrHas('step 1/')
    second.child.kill('SIGTERM')
    expect((await second.ended).code).toBe(143)
  })
})
