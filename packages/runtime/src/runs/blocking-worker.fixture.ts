// A worker process whose program "scripted" never returns to the event loop.
// Arguments: the URL of the database, a folder, the lease in milliseconds.
import { randomBytes } from 'node:crypto'
import {
  createPostgresVault,
  createSecretCipher,
  createStoredProvider,
  LocalBus,
  openDatabase,
  openFlags,
} from '@freehold/core'
import { createToolRegistry, defineProgram, Worker } from '../index.ts'

const [url = '', dataDir = '', leaseMs] = process.argv.slice(2)
const block = defineProgram('scripted', async () => {
  for (;;);
})
const database = await openDatabase({ url, dataDir, poolSize: 2, migrate: false })
const worker = new Worker(
  {
    database,
    vault: createPostgresVault(database, createSecretCipher(randomBytes(32))),
    flags: await openFlags('stored', createStoredProvider(database)),
    bus: new LocalBus(),
    programs: new Map([[block.name, block]]),
    tools: createToolRegistry(),
    callModel: () => Promise.reject(new Error('there is no model')),
    operatorAllow: [],
    logger: console,
    leaseMs: Number(leaseMs),
  },
  { concurrency: 1, pollMs: 50 },
)
worker.start()
