import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { connect } from './connect.ts'

it('sends a creating request again, under the same key, when the connection broke before the answer', async () => {
  const keys: unknown[] = []
  const server = createServer((request, response) => {
    const count = keys.push(request.headers['idempotency-key'])
    if (count === 1) request.socket.destroy()
    else response.writeHead(202, { 'content-type': 'application/json' }).end('{"id":"the run"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    // A TCP server's address is never a pipe's name.
    const { port } = server.address() as AddressInfo
    const client = connect({ refused: {} }, `http://127.0.0.1:${port}`, 'a key')
    const run = await client.startRun({ params: { name: 'assistant' }, body: { message: 'hello' } })
    expect(run.id).toBe('the run')
    expect(keys).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), keys[0]])
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})
