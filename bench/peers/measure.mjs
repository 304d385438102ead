/** The measurement: all peers on one step in interleaved rounds, each gradient checked before it is timed. */
import { PEERS, startWorker } from './peers.mjs'

/**
 * The steps compared: (d, hidden, batch) of a d–H–H–1 SiLU energy, float32. Dual steps have three hidden layers and two draws a
 * row: 512 evaluated points. They are compared without noise and optimizer. Paths are those of 10 000 Hamiltonian chains, 100 leapfrog
 * steps each, on ½‖x‖² + network; what is checked of them is where they end.
 */
export const GRID = [
  { objective: 'dsm', d: 2, hidden: 128, batch: 256 },
  { objective: 'dsm', d: 16, hidden: 256, batch: 512 },
  { objective: 'dsm', d: 2, hidden: 512, batch: 1024 },
  { objective: 'sm', d: 2, hidden: 128, batch: 256 },
  { objective: 'sm', d: 8, hidden: 128, batch: 256 },
  { objective: 'sm', d: 16, hidden: 128, batch: 128 },
  { objective: 'dual', d: 2, hidden: 128, batch: 256 },
  { objective: 'dual', d: 16, hidden: 128, batch: 256 },
  { objective: 'paths', d: 2, hidden: 128, batch: 10_000 },
  { objective: 'gemms', d: 16, hidden: 256, batch: 512 },
  { objective: 'gemms', d: 2, hidden: 512, batch: 1024 },
]

/** Seconds of timing a peer gets in each round, and the pause after it, in which its threads stop spinning. */
const ROUND_SECONDS = 0.25
const PAUSE_SECONDS = 0.05

/**
 * A float32 gradient counts as right when its fingerprint is within this of the float64 one, relative to the gradient's
 * norm. Measured: right peers differ by less than 1e-5, wrong ones by more than 0.1.
 */
const GRADIENT_TOLERANCE = 1e-3

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, 1e3 * seconds))

/**
 * Times every chosen peer at one thread count. Resolves to { versions, cells }; a cell is one step with its peers'
 * { milliseconds, median, compileSeconds, variant } or { status } where a time would mean nothing.
 */
export async function measure({ threads, rounds, modes, peers, objectives }, say) {
  const chosen = PEERS.filter(({ name, objectives: able }) => peers(name) && able.some((one) => objectives.includes(one)))
  const workers = new Map()
  const versions = {}
  const cells = []
  try {
    for (const peer of chosen) {
      const worker = await startWorker(peer, threads)
      workers.set(peer.name, worker)
      Object.assign(versions, worker.versions)
    }
    const judge = await startWorker(PEERS.find(({ name }) => name === 'PyTorch eager'), threads)
    try {
      for (const mode of modes) {
        for (const step of GRID.filter(({ objective }) => objectives.includes(objective))) {
          if (['gemms', 'dual', 'paths'].includes(step.objective) && mode === 'whole') continue
          const able = chosen.filter((peer) => peer.objectives.includes(step.objective) && peer.modes.includes(mode))
          if (able.length === 0) continue
          const request = { ...step, threads, ...(mode === 'whole' ? { whole: true } : {}) }
          const truth = mode === 'whole' || step.objective === 'gemms' ? null : await judge.ask({ ...request, dtype: 'float64', repeats: 0 })
          cells.push({ threads, mode, ...step, peers: await measureStep(request, able, workers, truth, rounds) })
          say(cells.at(-1))
        }
      }
    } finally {
      await judge.stop()
    }
  } finally {
    for (const worker of workers.values()) await worker.stop()
  }
  return { versions, cells }
}

async function measureStep(request, able, workers, truth, rounds) {
  const results = {}
  const racing = []
  for (const { name } of able) {
    const built = await workers.get(name).ask({ ...request, repeats: 0 })
    const status = built.error ?? judgement(built, truth)
    results[name] = status === null ? { compileSeconds: built.compileSeconds, variant: built.variant } : { status }
    if (status === null) racing.push(name)
  }
  const medians = new Map(racing.map((name) => [name, []]))
  const repeats = new Map()
  for (let round = 0; round < rounds; round++) {
    for (const name of racing) {
      const answer = await workers.get(name).ask({ ...request, repeats: repeats.get(name) ?? 5 })
      await sleep(PAUSE_SECONDS)
      if (answer.error) {
        results[name] = { status: answer.error }
        continue
      }
      repeats.set(name, Math.min(500, Math.max(2, Math.round((1e3 * ROUND_SECONDS) / answer.median))))
      results[name].milliseconds = Math.min(results[name].milliseconds ?? Infinity, answer.milliseconds)
      medians.get(name).push(answer.median)
    }
  }
  for (const name of racing) if (!results[name].status) results[name].median = middle(medians.get(name))
  return results
}

/** Null when loss and gradient are the float64 ones, else why the peer is not timed. */
function judgement(answer, truth) {
  if (truth === null) return null
  if (truth.error) return `the reference failed: ${truth.error}`
  if (answer.loss === undefined) return 'no gradient to check'
  const scale = truth.gradientNorm
  const worst = Math.max(
    Math.abs(answer.gradientNorm - truth.gradientNorm) / scale,
    Math.abs(answer.gradientProbe - truth.gradientProbe) / scale,
    Math.abs(answer.loss - truth.loss) / Math.max(1e-12, Math.abs(truth.loss)),
  )
  return worst <= GRADIENT_TOLERANCE ? null : `wrong gradient (off by ${worst.toPrecision(2)} of its norm)`
}

function middle(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2
}
