// Starts the platform the way a newcomer does, with an empty data directory, and runs the commands of the README and of
// the guides against it.
// Prints one line per check; `--report <file>` gets `{ passed, failed }`.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { root } from './ensure-installed.mjs'

const readyWithinMs = 180_000
const stopWithinMs = 30_000
const commandWithinMs = 120_000
const pollMs = 250

const { values: options } = parseArgs({ options: { report: { type: 'string' } } })
const results = []

async function check(title, work) {
  const startedAt = performance.now()
  const failure = await work().catch((error) => error)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  results.push(failure === undefined)
  console.log(`${failure === undefined ? '✔' : '✘'} ${title} (${seconds} s)`)
  if (failure !== undefined) console.log(failure.message.replace(/^/gm, '    '))
  return failure === undefined
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** Runs a shell command in its own process group, collecting what it prints. */
function start(command, env) {
  const child = spawn(command, { cwd: root, env, shell: true, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const started = { child, output: '', exited: undefined }
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      started.output += chunk
    })
  }
  started.exited = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)))
  return started
}

function killGroup({ child }) {
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

/** Resolves with how it ended, or 'timeout'. */
function endsWithin(started, ms) {
  const timer = new AbortController()
  const timeout = wait(ms, 'timeout', { signal: timer.signal }).catch(() => undefined)
  return Promise.race([started.exited, timeout]).finally(() => timer.abort())
}

/** The HTTP status, or 0 when nothing answers. */
function statusOf(url) {
  return fetch(url, { signal: AbortSignal.timeout(5000) }).then(
    async (response) => {
      await response.body?.cancel()
      return response.status
    },
    () => 0,
  )
}

async function becomesReady(server, url) {
  const deadline = performance.now() + readyWithinMs
  let ended
  server.exited.then((how) => {
    ended = how
  })
  while (performance.now() < deadline) {
    if ((await statusOf(`${url}/ready`)) === 200) return
    if (ended !== undefined) throw new Error(`npm start ended (${ended}):\n${server.output}`)
    await wait(pollMs)
  }
  throw new Error(`/ready did not answer 200 within ${readyWithinMs / 1000} s:\n${server.output}`)
}

/** The contents of a document's `sh` blocks. */
function shellBlocks(...path) {
  const text = readFileSync(join(root, ...path), 'utf8')
  return [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block.replaceAll('\\\n', ' '))
}

/** Every line of the README that uses the CLI. */
function readmeCommands() {
  return shellBlocks('README.md')
    .flatMap((block) => block.split('\n'))
    .filter((line) => /^npx freehold\b/.test(line))
}

const guides = join(root, 'docs', 'guides')

/**
 * A guide as one script. A line that ends with `# fails: <words>` must fail, and say those words; every other must
 * succeed.
 */
function guideScript(file) {
  const lines = shellBlocks('docs', 'guides', file).join('\n').split('\n')
  const checked = lines.map((line) => {
    const [, command, words] = /^(npx freehold .*?)\s+# fails: (.+)$/.exec(line) ?? []
    if (!command) return line
    return `if said=$(${command} 2>&1); then echo "should have failed: ${words}"; exit 1; fi
echo "$said"; grep -qF ${JSON.stringify(words)} <<<"$said"`
  })
  return ['set -euo pipefail', ...checked].join('\n')
}

/** In a folder of its own, where `npx freehold` is this clone's. */
async function guideWorks(file, env) {
  const folder = mkdtempSync(join(tmpdir(), 'freehold-guide-'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'guide.sh'), guideScript(file))
  try {
    await commandSucceeds(`cd ${folder} && bash guide.sh`, env)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function commandSucceeds(command, env) {
  const started = start(command, env)
  const how = await endsWithin(started, commandWithinMs)
  if (how === 0) return
  killGroup(started)
  throw new Error(`ended with ${how}:\n${started.output}`)
}

/** What the banner tells a newcomer to try: the answer is right, and it came from a tool. */
async function answersWithATool(env) {
  const started = start('npx freehold run --json assistant "What is 17% of 2340?"', env)
  const how = await endsWithin(started, commandWithinMs)
  const usedTool = started.output.includes('"tool.finished"') && started.output.includes('397.8')
  if (how === 0 && usedTool) return
  killGroup(started)
  throw new Error(`ended with ${how}:\n${started.output}`)
}

/** One SIGTERM to npm: npm, the bootstrap and the server all end and nothing answers any more. */
async function stopsOnTerm(server, url) {
  const deadline = performance.now() + stopWithinMs
  server.child.kill('SIGTERM')
  const how = await endsWithin(server, stopWithinMs)
  while ((await statusOf(`${url}/health`)) !== 0) {
    if (performance.now() > deadline)
      throw new Error(`still answers ${stopWithinMs / 1000} s after SIGTERM:\n${server.output}`)
    await wait(pollMs)
  }
  if (how === 'timeout')
    throw new Error(`npm start still runs ${stopWithinMs / 1000} s after SIGTERM:\n${server.output}`)
}

/** It is built by the first start, while the API is up. */
async function dashboardAnswers(url) {
  const deadline = performance.now() + readyWithinMs
  for (;;) {
    const response = await fetch(`${url}/`, { signal: AbortSignal.timeout(10_000) })
    const text = await response.text()
    if (response.ok && new URL(response.url).pathname === '/sign-in' && text.includes('Sign in')) return
    if (response.status !== 503 || performance.now() > deadline) {
      throw new Error(`${response.url} answers ${response.status}:\n${text.slice(0, 500)}`)
    }
    await wait(pollMs)
  }
}

const port = await freePort()
const url = `http://127.0.0.1:${port}`
const dataDir = mkdtempSync(join(tmpdir(), 'freehold-smoke-'))
const env = { ...process.env, PORT: `${port}`, HOST: '127.0.0.1', FREEHOLD_DATA_DIR: dataDir, FREEHOLD_URL: url }
let server = start('exec npm start', env)
try {
  if (await check('npm start becomes ready', () => becomesReady(server, url))) {
    await check('the dashboard answers on the same address', () => dashboardAnswers(url))
    await check('the command it prints gives an answer that used a tool', () => answersWithATool(env))
    for (const command of readmeCommands()) await check(`README: ${command}`, () => commandSucceeds(command, env))
    for (const file of existsSync(guides) ? readdirSync(guides).sort() : []) {
      await check(`the commands of docs/guides/${file}`, () => guideWorks(file, env))
    }
    await check('SIGTERM to npm stops the server', () => stopsOnTerm(server, url))
    server = start('exec npm start', env)
    await check('a second npm start becomes ready', () => becomesReady(server, url))
    await check('and still answers', () => answersWithATool(env))
  }
} finally {
  killGroup(server)
  rmSync(dataDir, { recursive: true, force: true })
}

const failed = results.filter((ok) => !ok).length
if (options.report) writeFileSync(options.report, JSON.stringify({ passed: results.length - failed, failed }))
process.exitCode = failed === 0 ? 0 : 1
