// `--noise` of the commands that read a fitted model, in the three ways a user can give it.
import { parseNoise } from '../result/noise.ts'
import type { NoiseSetting } from '../result/noise.ts'

/** Reads the option at once, so that what is wrong with it is said before any work; a file is read when the columns are known. */
export function noiseOption(text: string): (columns: readonly string[]) => Promise<NoiseSetting> {
  if (!text.startsWith('@')) {
    const setting = parseNoise(text)
    return () => Promise.resolve(setting)
  }
  return async (columns) => {
    const { readCovariance } = await import('../node/read-covariance.ts')
    return { kind: 'covariance', covariance: await readCovariance(text.slice(1), columns) }
  }
}
