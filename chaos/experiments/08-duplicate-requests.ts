import { auditRuns, effectClaims, runClaims } from '../audit.ts'
import { atLeast, defineExperiment, exactly } from '../experiment.ts'
import { openGround, payment, paymentPaths } from '../ground.ts'
import { forEach, startRun, untilAllEnded } from '../load.ts'

export const duplicateRequests = defineExperiment({
  number: 8,
  title: 'the same request many times at once',
  fault: 'Each of many idempotency keys is sent by 20 requests at the same time.',
  loads: {
    full: { keys: 500, duplicates: 20, keysAtOnce: 8, workers: 2 },
    small: { keys: 10, duplicates: 10, keysAtOnce: 2, workers: 1 },
  },
  async run(load, { say }) {
    await using ground = await openGround({ workers: load.workers, leaseMs: 15_000 })
    const { cluster, ledger } = ground
    const door = { url: cluster.gateway.url, apiKey: cluster.apiKey }
    const answers: string[][] = []
    await forEach(load.keys, load.keysAtOnce, async (n) => {
      const label = `run-${n}`
      const request = { agent: 'payer', message: payment(label, 1), idempotencyKey: label }
      answers.push(await Promise.all(Array.from({ length: load.duplicates }, () => startRun(door, request))))
      if (answers.length % 50 === 0) say(`${answers.length} of ${load.keys} keys`)
    })
    await untilAllEnded(cluster.client, 600_000)

    const paths = Array.from({ length: load.keys }, (_, n) => paymentPaths(`run-${n}`, 1)).flat()
    return {
      enough: [atLeast('requests answered', answers.flat().length, load.keys * load.duplicates)],
      claims: [
        ...runClaims(await auditRuns(cluster.databaseUrl), load.keys),
        exactly('keys whose requests got different runs', answers.filter((ids) => new Set(ids).size !== 1).length, 0),
        exactly('runs that two keys got', load.keys - new Set(answers.flat()).size, 0),
        ...effectClaims(ledger, paths),
      ],
      figures: {},
    }
  },
})
