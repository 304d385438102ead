#!/usr/bin/env node
// The program `unnorm`.
import { commands } from './commands.ts'
import { runProcess } from './process.ts'

await runProcess(commands)
