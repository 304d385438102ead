/** Ratios and requirements out of the measured cells, and the tables that show them. */

import { PEERS } from './peers.mjs'

const LABELS = { dsm: 'DSM', sm: 'exact SM', dual: 'dual, two draws a row', paths: '100 leapfrog steps', gemms: 'six H×H Gemms' }

/** Exact SM "best peer" is taken size by size, which asks more than any single peer would. */
const REQUIREMENTS = [
  { text: 'DSM, 2 threads, against JAX jit', objective: 'dsm', threads: 2, against: 'JAX jit', atMost: 1.05 },
  { text: 'DSM, 1 thread pinned, against JAX jit', objective: 'dsm', threads: 1, against: 'JAX jit', atMost: 1.15 },
  { text: 'DSM, 1 thread, against TorchEBM', objective: 'dsm', threads: 1, against: 'TorchEBM', atMost: 0.65 },
  { text: 'exact SM, 2 threads, against the best peer of each size', objective: 'sm', threads: 2, against: null, atMost: 0.6 },
  { text: 'dual, 2 threads, against JAX jit', objective: 'dual', threads: 2, against: 'JAX jit', atMost: 1 },
  { text: '10 000 Hamiltonian chains × 100 leapfrog steps, 2 threads, against JAX jit', objective: 'paths', threads: 2, against: 'JAX jit', atMost: 1 },
]

/**
 * Geometric mean of unnorm's time over a peer's (null: the best peer of each cell). Null where a time is missing, and
 * against the best peer where one that can do the step took no part: a best of fewer would flatter.
 */
export function ratio(cells, { objective, threads, mode = 'gradient', against }, statistic = 'milliseconds') {
  const ratios = cells
    .filter((cell) => cell.objective === objective && cell.threads === threads && cell.mode === mode)
    .map(({ peers: { unnorm, ...others } }) => {
      const rivals = against === null ? Object.values(others) : [others[against]]
      const awaited = against === null ? rivalsFor(objective, mode) : [against]
      if (awaited.some((name) => others[name] === undefined)) return NaN
      const times = rivals.map((rival) => rival?.[statistic]).filter((time) => time !== undefined)
      return times.length === 0 ? NaN : (unnorm?.[statistic] ?? NaN) / Math.min(...times)
    })
  const mean = Math.exp(ratios.reduce((sum, value) => sum + Math.log(value), 0) / ratios.length)
  return Number.isFinite(mean) ? mean : null
}

const rivalsFor = (objective, mode) =>
  PEERS.filter((peer) => !peer.ours && peer.objectives.includes(objective) && peer.modes.includes(mode)).map(({ name }) => name)

/** Each requirement with its ratio of minima, its ratio of medians and whether the minima meet it (null: not measured). */
export function judgeRequirements(cells) {
  return REQUIREMENTS.map((requirement) => {
    const value = ratio(cells, requirement)
    return { ...requirement, ratio: value, ratioOfMedians: ratio(cells, requirement, 'median'), met: value === null ? null : value <= requirement.atMost }
  })
}

/** Every peer's ratios: { threads, mode, objective, against, ratio, ratioOfMedians }. */
export function allRatios(cells) {
  const kinds = new Map()
  for (const { threads, mode, objective, peers } of cells) {
    if (objective === 'gemms') continue
    for (const against of Object.keys(peers)) {
      if (against !== 'unnorm') kinds.set([threads, mode, objective, against].join('|'), { threads, mode, objective, against })
    }
  }
  return [...kinds.values()].map((kind) => ({ ...kind, ratio: ratio(cells, kind), ratioOfMedians: ratio(cells, kind, 'median') }))
}

/** Time of unnorm's step over the time of its six H×H Gemms alone (ONNX Runtime), where both were measured. */
export function overGemms(cells) {
  return cells
    .filter(({ objective }) => objective === 'gemms')
    .flatMap((gemms) => {
      const same = (cell) => ['threads', 'd', 'hidden', 'batch'].every((part) => cell[part] === gemms[part])
      const step = cells.find((cell) => cell.objective === 'dsm' && cell.mode === 'gradient' && same(cell))
      const floor = gemms.peers['Gemms (ONNX Runtime)']?.milliseconds
      const time = step?.peers.unnorm?.milliseconds
      return floor && time ? [{ threads: gemms.threads, d: gemms.d, hidden: gemms.hidden, batch: gemms.batch, ratio: time / floor }] : []
    })
}

const number = (value) => value.toPrecision(value >= 100 ? 4 : 3)
const shown = (result) => {
  if (!result) return '–'
  if (result.milliseconds === undefined) return result.status.startsWith('wrong gradient') ? 'wrong gradient' : 'failed'
  return `${number(result.milliseconds)} (${number(result.median)})`
}

/** One row a cell, one column a peer: minimum (median), in milliseconds. */
export function markdownTable(cells) {
  const names = [...new Set(cells.flatMap(({ peers }) => Object.keys(peers)))]
  const rows = cells.map((cell) => [
    `${LABELS[cell.objective]}${cell.mode === 'whole' ? ', whole step' : ''}`,
    `${cell.d}, ${cell.hidden}, ${cell.batch}`,
    String(cell.threads),
    ...names.map((name) => shown(cell.peers[name])),
  ])
  const lines = [['step', 'd, H, B', 'threads', ...names], ['---', '---', '---', ...names.map(() => '--:')], ...rows]
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n')
}

/** The generated section of docs/benchmarks.md. */
export function markdownReport(report) {
  const { machine, versions, cells, date, endToEnd } = report
  const part = (title, some) => (some.length === 0 ? [] : [`### ${title}`, '', markdownTable(some), ''])
  const of = (mode, ...objectives) => cells.filter((cell) => cell.mode === mode && objectives.includes(cell.objective))
  const asked = judgeRequirements(cells).map(({ text, atMost, ratio: value, ratioOfMedians: other, met }) =>
    `| ${text} | ≤ ${atMost} | ${value === null ? '–' : value.toFixed(2)} | ${other === null ? '–' : other.toFixed(2)} | ${met === null ? 'not measured' : met ? 'yes' : 'no'} |`)
  const gemms = overGemms(cells).map(({ threads, d, hidden, batch, ratio: value }) =>
    `- (${d}, ${hidden}, ${batch}), ${threads} thread${threads > 1 ? 's' : ''}: ${value.toFixed(2)} × the time of its six H×H Gemms alone`)
  const compiled = cells
    .filter(({ mode, objective }) => mode === 'gradient' && objective !== 'gemms')
    .reduce((ranges, { peers }) => {
      for (const [name, { compileSeconds }] of Object.entries(peers)) {
        if (typeof compileSeconds === 'number') (ranges[name] ??= []).push(compileSeconds)
      }
      return ranges
    }, {})
  return [
    `Measured ${date} on ${machine.processor}, ${machine.cores} cores, load before ${machine.loadBefore.toFixed(1)}; ` +
      `${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', ')}.`,
    'Milliseconds: minimum (median) over interleaved rounds; float32, SiLU, energy d–H–H–1.',
    '', ...part('Gradient step: loss and gradients, noise given', of('gradient', 'dsm', 'sm', 'dual')),
    ...part('Paths of Hamiltonian Monte Carlo: B chains, momenta drawn', of('gradient', 'paths')),
    ...part('Whole step: noise drawn, Adam included', of('whole', 'dsm', 'sm')),
    ...part('Matrix products alone', of('gradient', 'gemms')),
    ...gemms, ...(gemms.length > 0 ? [''] : []),
    '### Geometric means over the sizes, unnorm / peer', '',
    '| comparison | asked | of minima | of medians | met |', '| --- | --- | --: | --: | --- |', ...asked, '',
    ...(Object.keys(compiled).length === 0 ? [] : [
      `Compile times in seconds, least to most: ${Object.entries(compiled).map(([name, all]) => `${name} ${number(Math.min(...all))}–${number(Math.max(...all))}`).join(', ')}.`,
    ]),
    ...(endToEnd ? ['', ...endToEndLines(endToEnd)] : []), '',
  ].join('\n')
}

function endToEndLines({ peers, ratio: value, atMost }) {
  return [
    '### From process start to trained model', '',
    'A 2–128–128–1 SiLU energy by denoising, 2000 steps of 256, CSV of 4000 rows in, model file out; seconds, median of the runs. In brackets, until the process has ended: unnorm then has baselines, tests, figures and report too, of which the script has none.', '',
    ...Object.entries(peers).map(([name, { median, wholeMedian, status }]) => `- ${name}: ${status ?? `${median.toFixed(2)} (${wholeMedian.toFixed(2)})`}`),
    `- unnorm / PyTorch: ${value === null ? '–' : `${value.toFixed(2)} (asked ≤ ${atMost})`}`,
  ]
}
