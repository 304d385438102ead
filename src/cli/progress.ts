// Progress on standard error: one line that is redrawn on a terminal, plain lines about every tenth when piped.
import { formatNumber } from '../report/format.ts'

/** The part of a writable stream that the frame uses. */
export interface OutputStream {
  write(text: string, done?: () => void): boolean
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** Where the work stands. */
export interface ProgressUpdate {
  readonly step: number
  /** null when the number of steps is not known beforehand. */
  readonly steps: number | null
  readonly objective: number | null
  readonly heldOutObjective: number | null
}

export interface Progress {
  /** Says what is being done now, e.g. `reading positions.parquet`. */
  phase(text: string): void
  update(update: ProgressUpdate): void
  /** Takes the redrawn line away, so that something else can be written; the next update draws it again. */
  clear(): void
}

const redrawMilliseconds = 100

/** `0:07`, `12:30`, `3:05:00`. */
function duration(seconds: number): string {
  const whole = Math.round(seconds)
  const two = (value: number) => String(value).padStart(2, '0')
  const minutes = Math.floor(whole / 60)
  return minutes < 60 ? `${minutes}:${two(whole % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`
}

function rate(stepsPerSecond: number): string {
  return `${stepsPerSecond >= 10 ? Math.round(stepsPerSecond) : formatNumber(stepsPerSecond, 2)} steps/s`
}

function bar(fraction: number): string {
  const cells = 20
  const full = Math.round(Math.min(1, fraction) * cells)
  return '█'.repeat(full) + '░'.repeat(cells - full)
}

/**
 * The parts of a progress line, the most important first, so that a narrow terminal cuts the least.
 * @param stepsPerSecond null when not known yet
 */
function progressParts(update: ProgressUpdate, stepsPerSecond: number | null): string[] {
  const { step, steps, objective, heldOutObjective } = update
  const parts = [steps === null ? `step ${step}` : `step ${step}/${steps} (${Math.floor((100 * step) / steps)} %)`]
  if (objective !== null) parts.push(`objective ${formatNumber(objective, 5)}`)
  if (heldOutObjective !== null) parts.push(`held-out ${formatNumber(heldOutObjective, 5)}`)
  if (stepsPerSecond !== null) {
    parts.push(rate(stepsPerSecond))
    if (steps !== null && step < steps) parts.push(`${duration((steps - step) / stepsPerSecond)} left`)
  }
  return parts
}

function fit(parts: readonly string[], columns: number): string {
  let line = ''
  for (const part of parts) {
    const longer = line === '' ? part : `${line}  ${part}`
    if (longer.length > columns) break
    line = longer
  }
  return line === '' ? (parts[0] ?? '').slice(0, columns) : line
}

/** @param now milliseconds of a clock that never goes back */
export function createProgress(stream: OutputStream, now: () => number, quiet: boolean): Progress {
  if (quiet) return { phase() {}, update() {}, clear() {} }

  // Speed counts from the first update, which with --resume is not step 0.
  let first: { step: number, time: number } | undefined
  function speed(step: number): number | null {
    first ??= { step, time: now() }
    const seconds = (now() - first.time) / 1000
    return step > first.step && seconds > 0 ? (step - first.step) / seconds : null
  }
  return stream.isTTY ? terminalProgress(stream, now, speed) : plainProgress(stream, speed)
}

function terminalProgress(stream: OutputStream, now: () => number, speed: (step: number) => number | null): Progress {
  let drawn = false
  let lastDrawn = Number.NEGATIVE_INFINITY
  function draw(parts: readonly string[]): void {
    // One column stays free: a full line would wrap and could not be taken back.
    stream.write(`\r${fit(parts, (stream.columns ?? 80) - 1)}\u001B[K`)
    drawn = true
    lastDrawn = now()
  }
  return {
    phase(text) { draw([text + ' …']) },
    update(update) {
      const stepsPerSecond = speed(update.step)
      if (now() - lastDrawn < redrawMilliseconds && update.step !== update.steps) return
      const parts = progressParts(update, stepsPerSecond)
      const wide = (stream.columns ?? 80) >= 100 && update.steps !== null
      draw(wide ? [`${bar(update.step / update.steps)}  ${parts[0]}`, ...parts.slice(1)] : parts)
    },
    clear() {
      if (drawn) stream.write('\r\u001B[K')
      drawn = false
      lastDrawn = Number.NEGATIVE_INFINITY
    },
  }
}

function plainProgress(stream: OutputStream, speed: (step: number) => number | null): Progress {
  let next = 0
  return {
    phase(text) { stream.write(text + '\n') },
    update(update) {
      const stepsPerSecond = speed(update.step)
      const { step, steps } = update
      if (step < next && step !== steps) return
      // Every tenth; without an end in sight, at each doubling.
      next = steps === null ? Math.max(1, 2 * step) : (Math.floor((10 * step) / steps) + 1) * (steps / 10)
      stream.write(progressParts(update, stepsPerSecond).join('  ') + '\n')
    },
    clear() {},
  }
}
