import { readFile } from 'node:fs/promises'
import { createClient } from '@freehold/contracts'
const c = JSON.parse(await readFile('/tmp/web-runs/data/credentials.json', 'utf8'))
const client = createClient({ url: 'http://127.0.0.1:4711', apiKey: c.tenants.acme.apiKey })
const tools = ['calculate', 'current_time', 'delegate', 'http_request']
console.log((await client.listTools?.({}))?.items?.map?.((t: {name: string}) => t.name))
await client.createAgent({ body: { name: 'clerk', tools: ['calculate', 'current_time'] } }).catch((e) => console.log(e.message))
await client.createAgent({ body: { name: 'boss', tools: ['delegate', 'calculate'] } as never }).catch((e) => console.log(e.message))
await client.createAgent({ body: { name: 'careful', tools: ['calculate'], approvals: { default: { require: 'always' } } } as never }).catch((e) => console.log(e.message))
await client.createAgent({ body: { name: 'poor', tools: ['calculate'] } as never }).catch((e) => console.log(e.message))
await client.createBudget({ body: { name: 'Poor month', scope: { kind: 'agent', id: 'poor' }, period: 'month', requestLimit: 1 } as never }).catch((e) => console.log(e.message))
await client.createBudget({ body: { name: 'All of acme', scope: { kind: 'tenant', id: null }, period: 'month', limitNanos: 5_000_000_000 } as never }).catch((e) => console.log(e.message))
const run = (name: string, message: string, wait = 20) => client.startRun({ params: { name }, query: { wait }, body: { message } }).then((r) => console.log(name, r.id, r.status, r.steps.length))
await run('assistant', 'What is 17% of 2340?')
await run('clerk', 'What time is it in Tokyo and in London?')
await run('boss', 'Ask clerk to calculate 12 * 4')
await run('careful', 'What is 3 + 4?', 2)
await run('poor', 'What is 1 + 1?')
await run('poor', 'What is 2 + 2?')
