// The library `unnorm`: what a user imports; runs in Node and in browsers.
export { UnnormError } from './base/errors.ts'
export type { Warning } from './base/errors.ts'
export { version } from './base/version.ts'
