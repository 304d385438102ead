// The library `unnorm`: what a user imports; runs in Node and in browsers. In Node, `fit` has its engine built in: see node/main.ts.
export { UnnormError } from './base/errors.ts'
export type { Warning } from './base/errors.ts'
export { createRandom } from './base/random.ts'
export type { Random } from './base/random.ts'
export { version } from './base/version.ts'

// Models: a name, parameters and the unnormalized log-density of one point.
export { defineModel } from './model/model.ts'
export type { Model, ModelDefinition, Reported } from './model/model.ts'
export { real } from './model/domain.ts'
export type { Domain } from './model/domain.ts'
export { matrix, positive, positiveVector, scalar, symmetric, vector } from './model/parameters.ts'
export type { Parameter, ParameterOptions } from './model/parameters.ts'
export {
  Expression, abs, acos, asin, asinh, atan, concatenate, cos, cosh, digamma, dot, erf, erfc, exp, expm1, log, log1p, logGamma,
  logNormalCdf, logSumExp, matmul, maximum, mean, minimum, normalCdf, pick, quadraticForm, relu, sigmoid, silu, sin, sinh,
  softplus, sqrt, stack, sum, tan, tanh, where,
} from './model/expression.ts'
export type { Condition, Literal, Operand } from './model/expression.ts'
export { gaussian } from './model/energies/gaussian.ts'
export { builtInModels } from './model/energies/index.ts'
export type { BuiltInModel } from './model/energies/index.ts'
export { mlp } from './model/energies/mlp.ts'
export type { Activation } from './model/layers.ts'
export type { MlpOptions } from './model/energies/mlp.ts'
export { precision } from './model/energies/precision.ts'
export type { FittedEnergy } from './model/fitted-energy.ts'

// Data.
export type { Table } from './data/table.ts'
export { gaussianMixture } from './data/synthetic/gaussian-mixture.ts'
export type { GaussianComponent, GaussianMixture } from './data/synthetic/gaussian-mixture.ts'
export { parabola } from './data/synthetic/parabola.ts'
export { ring } from './data/synthetic/ring.ts'
export { threeGaussians } from './data/synthetic/three-gaussians.ts'
export type { SyntheticDensity } from './data/synthetic/density.ts'

// Fitting.
export { fitTable as fit } from './result/fit-table.ts'
export type { FitSettings } from './result/fit-table.ts'
export { estimators } from './result/estimators.ts'
export type { Estimator } from './estimate/estimator.ts'
export type { FitRequest } from './result/request.ts'
export type { NoiseSetting } from './result/noise.ts'
export type { FitResult } from './result/result.ts'
export type { FitJson, MetricsRow, ParameterEstimate } from './report/fit-json.ts'

// Engines.
export type { RunningEnergy } from './engine/energy.ts'
export type { Engine, Executable, Values } from './engine/engine.ts'
export { onnxEngine } from './engine/onnx.ts'
export type { OnnxEngineOptions, OnnxRuntime } from './engine/onnx.ts'
export { referenceEngine } from './engine/reference.ts'

// Judging a fitted energy.
export { fisherDivergence } from './evaluate/fisher-divergence.ts'
export type { FisherDivergence } from './evaluate/fisher-divergence.ts'
export { kernelSteinTest } from './evaluate/goodness-of-fit.ts'
export type { GoodnessOfFit, GoodnessOfFitOptions } from './evaluate/goodness-of-fit.ts'
export { logLikelihood } from './evaluate/log-likelihood.ts'
export type { LogLikelihood } from './evaluate/log-likelihood.ts'
export { logNormalizer } from './evaluate/log-normalizer/quadrature.ts'
export type { LogNormalizer, QuadratureOptions } from './evaluate/log-normalizer/quadrature.ts'
export type { Surroundings } from './evaluate/log-normalizer/integrand.ts'
export { findClusters } from './evaluate/clusters.ts'
export type { Cluster, ClusterOptions, Clusters } from './evaluate/clusters.ts'
export type { Baseline } from './evaluate/baselines/baseline.ts'
export { gaussianBaseline } from './evaluate/baselines/gaussian.ts'
export type { GaussianBaseline } from './evaluate/baselines/gaussian.ts'
export { kernelDensityBaseline } from './evaluate/baselines/kernel-density.ts'
export type { KernelDensityBaseline, KernelDensityOptions } from './evaluate/baselines/kernel-density.ts'
