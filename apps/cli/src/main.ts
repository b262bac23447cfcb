import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { wrongUsage } from './failure.ts'
import { main } from './program.ts'

const { env, stdin, stdout, stderr } = process

// `freehold runs list | head -1`: who stopped reading wants no more, and no complaint either.
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(chunk)
  try {
    // Anything else would come out as another text than was sent.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks))
  } catch {
    throw wrongUsage('Standard input is not text in UTF-8. Encode binary data, such as with base64, first.')
  }
}

async function confirm(question: string): Promise<boolean> {
  const asking = createInterface({ input: stdin, output: stderr })
  try {
    return /^y(es)?$/i.test((await asking.question(`${question} [y/N] `)).trim())
  } finally {
    asking.close()
  }
}

/** The question shows, the answer doesn't. */
async function askHidden(question: string): Promise<string> {
  stderr.write(question)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const asking = createInterface({ input: stdin, output: nowhere, terminal: true })
  const interrupted = new AbortController()
  asking.once('SIGINT', () => interrupted.abort(new Error('Nothing was set.')))
  try {
    return await asking.question('', { signal: interrupted.signal })
  } catch (error) {
    throw interrupted.signal.aborted ? interrupted.signal.reason : error
  } finally {
    asking.close()
    stderr.write('\n')
  }
}

function onInterrupt(handler: () => void): () => void {
  process.on('SIGINT', handler)
  return () => process.off('SIGINT', handler)
}

const exitCode = await main(process.argv.slice(2), {
  write: (text) => stdout.write(text),
  note: (line) => stderr.write(`${line}\n`),
  readInput,
  confirm: stdin.isTTY && stderr.isTTY ? confirm : undefined,
  askHidden: stdin.isTTY && stderr.isTTY ? askHidden : undefined,
  columns: stdout.isTTY ? stdout.columns : undefined,
  colors: env.FORCE_COLOR ? env.FORCE_COLOR !== '0' : stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
  // npx is how one calls it in a clone, where nothing is on the PATH.
  commandLine: env.npm_command === 'exec' ? 'npx freehold' : 'freehold',
  onInterrupt,
  url: env.FREEHOLD_URL || undefined,
  apiKey: env.FREEHOLD_API_KEY || undefined,
  operatorKey: env.FREEHOLD_OPERATOR_KEY || undefined,
  dataDir: env.FREEHOLD_DATA_DIR || undefined,
  workingDir: process.cwd(),
})

process.exitCode = exitCode
// After the second Ctrl-C nothing that is still under way is waited for.
if (exitCode === 130) process.exit()
