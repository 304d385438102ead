// The part of the library that needs Node: `unnorm/node`.
export { writeFileWhole, writeWhole } from './files.ts'
