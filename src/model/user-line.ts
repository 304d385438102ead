// Which line of the user's model is being traced, read off the call stack.

/** "file:line" of the innermost caller outside this package, if the stack tells. */
export function userLine(): string | undefined {
  // V8 gives ten frames by default, fewer than a deep expression needs.
  const holder = Error as unknown as { stackTraceLimit?: number }
  const before = holder.stackTraceLimit
  holder.stackTraceLimit = 40
  const stack = new Error().stack ?? ''
  if (before !== undefined) holder.stackTraceLimit = before
  for (const line of stack.split('\n').slice(1)) {
    const found = /\(?((?:file:\/\/)?[^\s()]+):(\d+):\d+\)?$/.exec(line.trim())
    if (!found || isOurs(found[1])) continue
    return `${found[1].replace(/^file:\/\//, '')}:${found[2]}`
  }
  return undefined
}

/** Our own files: sources under src/, or the bundled chunks beside this one. */
function isOurs(file: string): boolean {
  const own = import.meta.url
  if (file.startsWith('node:')) return true
  const folder = own.slice(0, own.lastIndexOf('/')).replace(/\/src\/model$/, '/src').replace(/^file:\/\//, '')
  return file.replace(/^file:\/\//, '').startsWith(`${folder}/`)
}
