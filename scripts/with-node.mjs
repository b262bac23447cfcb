#!/usr/bin/env node
// Runs a script with the Node version that package.json pins: `node scripts/with-node.mjs <script> [args …]`.
// Every npm script that needs the platform goes through here, so a machine with any Node ≥ 20 and nothing else can start it.
//
// Signals: SIGTERM, SIGINT and SIGHUP reach the script, and its exit code or signal becomes ours. SIGKILL can't be
// forwarded: whoever has to `kill -9` must aim at the process group (`kill -9 -- -<pgid>`), or the script outlives us.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { ensureInstalled, InstallFailed, pinnedNode, root } from './ensure-installed.mjs'

const minimumNode = 20
const forwardedSignals = ['SIGTERM', 'SIGINT', 'SIGHUP']
const repeatWindowMs = 500
const ancestorCheckMs = 250

/** A terminal sends Ctrl-C to the whole foreground group, so the script has it already; a second one means "now!" to many. */
function isDeliveredByTerminal(signal) {
  return signal === 'SIGINT' && (process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY)
}

/** npm repeats to us what the group has got, so the same signal twice within half a second counts as one. */
function forwardSignals(child) {
  const lastSent = new Map()
  for (const signal of forwardedSignals) {
    process.on(signal, () => {
      if (isDeliveredByTerminal(signal)) return
      const now = performance.now()
      if (now - (lastSent.get(signal) ?? -repeatWindowMs) < repeatWindowMs) return
      lastSent.set(signal, now)
      child.kill(signal)
    })
  }
}

/** Who npm is to us: our parent, or, where /bin/sh doesn't exec its command (dash), the shell and the npm above it. */
function npmAncestors() {
  const parent = process.ppid
  if (process.platform !== 'linux') return `${parent}`
  try {
    const [, name, grandparent] = /\((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${parent}/stat`, 'utf8')) ?? []
    return ['sh', 'dash', 'bash'].includes(name) ? `${parent} ${grandparent}` : `${parent}`
  } catch {
    return `${parent} gone`
  }
}

/** Under npm, an ancestor that went away was killed: dash doesn't pass SIGTERM on. A plain `nohup node …` is left alone. */
function stopWithNpm(child) {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return
  const ancestors = npmAncestors()
  const timer = setInterval(() => {
    if (npmAncestors() === ancestors) return
    clearInterval(timer)
    child.kill('SIGTERM')
  }, ancestorCheckMs)
  timer.unref()
}

function exitLike(code, signal) {
  if (signal === null) process.exit(code ?? 1)
  for (const forwarded of forwardedSignals) process.removeAllListeners(forwarded)
  process.exitCode = 128 + (constants.signals[signal] ?? 0)
  if (process.platform !== 'win32') process.kill(process.pid, signal)
}

/** Runs the pinned Node with `args`, on our stdio, and ends this process the way it ends. */
function runWithPinnedNode(args) {
  const modules = join(root, 'node_modules')
  const env = {
    NODE_COMPILE_CACHE: join(modules, '.cache', 'compiled'), // halves what a second start costs
    ...process.env,
    PATH: [join(modules, '.bin'), process.env.PATH].filter(Boolean).join(delimiter),
  }
  const child = spawn(pinnedNode(root), args, { stdio: 'inherit', env })
  forwardSignals(child)
  stopWithNpm(child)
  child.on('error', (error) => {
    console.error(`[freehold] could not start ${pinnedNode(root)}: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', exitLike)
}

async function main() {
  if (Number.parseInt(process.versions.node, 10) < minimumNode) {
    console.error(
      `[freehold] needs Node ${minimumNode} or newer to start; this is ${process.version}. See https://nodejs.org/en/download`,
    )
    process.exit(1)
  }
  try {
    await ensureInstalled(root)
  } catch (error) {
    if (!(error instanceof InstallFailed)) throw error
    console.error(error.message)
    process.exit(1)
  }
  runWithPinnedNode(process.argv.slice(2))
}

await main()
