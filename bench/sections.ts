// Sections of a page that a bench writes, between two markers.
import { readFileSync, writeFileSync } from 'node:fs'

/** Replaces what stands between `<!-- NAME:begin … -->` and `<!-- NAME:end -->`. */
export function writeSection(path: string, name: string, text: string): void {
  const page = readFileSync(path, 'utf8')
  const found = new RegExp(`(<!-- ${name}:begin[^\n]*-->\n)[^]*(<!-- ${name}:end -->)`).exec(page)
  if (!found) throw new Error(`${path} has no section ${name}`)
  writeFileSync(path, page.replace(found[0], () => `${found[1]}${text.trim()}\n${found[2]}`))
}
