// All samplers by name.
import type { Rungs } from '../rungs.ts'
import type { ChainSampler, DescentSampler } from '../sampler.ts'
import { annealedLangevin } from './annealed-langevin.ts'
import { hmc } from './hmc.ts'
import { mala } from './mala.ts'
import { parallelTempering } from './parallel-tempering.ts'
import { predictorCorrector } from './predictor-corrector.ts'
import { probabilityFlow } from './probability-flow.ts'
import { ula } from './ula.ts'

export type Sampler = ChainSampler | ChainSampler<Rungs> | DescentSampler

export const samplers: Readonly<Record<string, Sampler>> = {
  hmc, mala, ula,
  'parallel-tempering': parallelTempering,
  'predictor-corrector': predictorCorrector,
  'probability-flow': probabilityFlow,
  'annealed-langevin': annealedLangevin,
}
