#!/usr/bin/env node
// The program `unnorm`.
import { setFlagsFromString } from 'node:v8'
import { commands } from './commands.ts'
import { runProcess } from './process.ts'

// Where threads take all cores, code that another thread is to make fast waits for a core, and runs slowly so long: it takes a
// fit of 10⁵ rows from 2.6 to 2.4 seconds that each thread makes its own.
setFlagsFromString('--no-concurrent-recompilation')
await runProcess(commands)
