// The version of this package, the same as in package.json (a test holds the two together).

/** The version of unnorm, as `fit.json` and `model.onnx` record it. */
export const version = '0.1.0'
