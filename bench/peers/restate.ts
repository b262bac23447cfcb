import { type Context, type LoggerTransport, serve, service } from '@restatedev/restate-sdk'
import type { Engine, Store } from '../engines/engine.ts'
import { askModel, callTool } from '../engines/tool-loop.ts'

const looper = service({
  name: 'looper',
  handlers: {
    repeatToolLoop: async (ctx: Context, loops: number) => {
      for (let loop = 1; loop <= loops; loop += 1) {
        await ctx.run('model', () => askModel(loop))
        await ctx.run('tool', () => callTool(loop))
      }
      return loops
    },
  },
})

const logProblems: LoggerTransport = ({ level }, message) => {
  if (level === 'warn' || level === 'error') console.warn(message)
}

export async function open(store: Store): Promise<Engine> {
  if (store.kind !== 'restate') throw new Error('Restate keeps its runs in its own server')
  const { ingressUrl, adminUrl, servicePort } = store
  await serve({ services: [looper], port: servicePort, logger: logProblems })
  await post(`${adminUrl}/deployments`, { uri: `http://127.0.0.1:${servicePort}`, force: true })
  // The name makes the call idempotent, so that whoever calls again gets the answer of the same run.
  const call = async (name: string, loops: number) => {
    const response = await post(`${ingressUrl}/looper/repeatToolLoop`, loops, { 'idempotency-key': name })
    return response.headers.get('x-restate-id') ?? name
  }
  return {
    run: call,
    resume: call,
    async load(id) {
      const read = async (query: string) =>
        (await (await post(`${adminUrl}/query`, { query }, { accept: 'application/json' })).json()) as {
          rows: { name: string }[]
        }
      const [invocation, journal] = await Promise.all([
        read(`select * from sys_invocation where id = '${id}'`),
        read(`select * from sys_journal where id = '${id}'`),
      ])
      if (invocation.rows.length !== 1) throw new Error(`Restate does not know ${id}`)
      return journal.rows.filter(({ name }) => name === 'model' || name === 'tool').length
    },
    statements: () => null,
    close: async () => {},
  }
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return response
}
