import { asSuperuser, type PostgresServer, startPostgres } from '@freehold/testkit'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startLyingProxy } from './lying-proxy.ts'

let postgres: PostgresServer
let url: string

beforeAll(async () => {
  postgres = await startPostgres()
  url = await postgres.createDatabase()
  await asSuperuser(url, 'create table said (what text primary key)')
})
afterAll(() => postgres?.stop())

async function connectThrough(port: number): Promise<pg.Client> {
  const through = new URL(url)
  through.port = String(port)
  const client = new pg.Client({ connectionString: through.href })
  client.on('error', () => {})
  await client.connect()
  return client
}

const say = (what: string) => ({ name: 'say', text: 'insert into said values ($1)', values: [what] })

it('a statement that is lied about is done, and its caller loses the connection', async () => {
  await using proxy = await startLyingProxy({ port: postgres.port, lieAbout: () => true })
  const client = await connectThrough(proxy.port)
  await expect(client.query(say('lied about'))).rejects.toThrow('Connection terminated')
  expect(await asSuperuser(url, 'select what from said')).toEqual([{ what: 'lied about' }])
  expect([...proxy.lies]).toEqual([['say', 1]])
})

it('passes on all else: answers, errors, large rows, and what is part of a transaction', async () => {
  const asked: string[] = []
  await using proxy = await startLyingProxy({
    port: postgres.port,
    lieAbout: (statement) => asked.push(statement) > 1_000,
  })
  const client = await connectThrough(proxy.port)
  await client.query(say('once'))
  await expect(client.query(say('once'))).rejects.toThrow('duplicate key')
  await client.query('begin')
  await client.query(say('undone'))
  await client.query('rollback')
  const { rows } = await client.query({ name: 'large', text: 'select repeat($1, 1000000) as x', values: ['y'] })
  expect(rows[0].x).toHaveLength(1_000_000)
  expect(asked).toEqual(['say', 'large'])
  expect(proxy.commits).toBe(2)
  await client.end()
})
