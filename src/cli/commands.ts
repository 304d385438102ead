// The commands of `unnorm` in the order of its help; each file is loaded only when its command is used.
import type { CommandList } from './command.ts'

export const commands: CommandList = {
}
