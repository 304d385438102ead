// The commands of `unnorm` in the order of its help; each file is loaded only when its command is used.
import type { CommandList } from './command.ts'

export const commands: CommandList = {
  fit: { sentence: 'estimates a model from a table; writes a run folder', load: async () => (await import('./commands/fit.ts')).command },
  score: { sentence: 'every row with its log-density and score', load: async () => (await import('./commands/score.ts')).command },
  sample: { sentence: 'draws from a model, with what tells whether they can be trusted', load: async () => (await import('./commands/sample.ts')).command },
  denoise: { sentence: 'every row with its best guess without the noise (Tweedie–Miyasawa)', load: async () => (await import('./commands/denoise.ts')).command },
  evaluate: { sentence: 'log-likelihood of rows with its error, baselines, goodness of fit', load: async () => (await import('./commands/evaluate.ts')).command },
  compare: { sentence: 'runs side by side, on rows they share', load: async () => (await import('./commands/compare.ts')).command },
  plot: { sentence: 'the density and the score as a picture', load: async () => (await import('./commands/plot.ts')).command },
  models: { sentence: 'the built-in models, with formulas and options', load: async () => (await import('./commands/models.ts')).command },
  estimators: { sentence: 'the ways to estimate a model, with formulas', load: async () => (await import('./commands/estimators.ts')).command },
}
