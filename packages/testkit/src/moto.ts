import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { findFreePort } from './postgres.ts'
import { installPythonTool } from './python-tool.ts'
import { waitFor } from './wait-for.ts'

/** The AWS that tests talk to; undefined when it can't be had. */
export function findMoto(): string | undefined {
  return installPythonTool({ requirement: 'moto[server]==5.2.5', command: 'moto_server' })
}

export interface MotoServer extends AsyncDisposable {
  url: string
}

/** A server on 127.0.0.1 that speaks AWS's protocols and keeps everything in memory. */
export async function startMoto(program: string): Promise<MotoServer> {
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(program, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  // The server must not outlive the tests, whatever ends them.
  const onExit = () => child.kill('SIGKILL')
  process.once('exit', onExit)
  await waitFor(
    () =>
      fetch(`${url}/moto-api/data.json`).then(
        ({ ok }) => ok,
        () => false,
      ),
    { timeoutMs: 60_000, what: 'moto' },
  )
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      process.off('exit', onExit)
    },
  }
}
