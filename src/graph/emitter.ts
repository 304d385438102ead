// The ONNX compiler as ops see it; it stands in node.ts because ops and nodes refer to each other.
export type { Emitter, OnnxAttribute } from './node.ts'
