import { setTimeout as delay } from 'node:timers/promises'
import { auditRuns, effectClaims, runClaims } from '../audit.ts'
import { atLeast, defineExperiment, exactly } from '../experiment.ts'
import { openGround, payment, paymentPaths } from '../ground.ts'
import { occasionally, requestRun, startRun, untilAllEnded } from '../load.ts'

export const killedApi = defineExperiment({
  number: 2,
  title: 'the api is killed',
  fault:
    'SIGKILL of the api every 5–10 s under a steady stream of requests; what was not acknowledged is asked again with the same key.',
  loads: {
    full: { perSecond: 50, kills: 15, everyMs: [5_000, 10_000] as const, workers: 3, leaseMs: 15_000 },
    small: { perSecond: 10, kills: 2, everyMs: [1_000, 2_000] as const, workers: 1, leaseMs: 2_000 },
  },
  async run(load, { random, say }) {
    await using ground = await openGround({ workers: load.workers, leaseMs: load.leaseMs })
    const { cluster, ledger } = ground
    const door = { url: cluster.gateway.url, apiKey: cluster.apiKey }
    const acknowledged = new Map<string, string>()
    const unacknowledged: string[] = []
    const requests: Promise<void>[] = []
    const faults = { kills: 0, over: false }
    const requestOf = (label: string) => ({ agent: 'payer', message: payment(label, 1), idempotencyKey: label })

    /** An open stream of requests: the next one does not wait for the answer to the last one. */
    const ask = async (): Promise<void> => {
      while (!faults.over) {
        const label = `run-${requests.length}`
        const request = requestRun(door, requestOf(label)).then((id) => {
          if (id === undefined) unacknowledged.push(label)
          else acknowledged.set(label, id)
        })
        requests.push(request)
        await delay(1_000 / load.perSecond)
      }
    }
    const kill = async (): Promise<void> => {
      while (faults.kills < load.kills) {
        await delay(random.between(load.everyMs[0], load.everyMs[1]))
        await cluster.restartApi('SIGKILL')
        faults.kills += 1
        say(
          `api killed ${faults.kills} of ${load.kills} times; ${acknowledged.size} runs acknowledged, ${unacknowledged.length} not`,
        )
      }
      faults.over = true
    }
    await Promise.all([ask(), kill()])
    await Promise.all(requests)
    const retried = [...unacknowledged]
    for (const label of retried) acknowledged.set(label, await startRun(door, requestOf(label)))
    const tell = occasionally(() => say(`${ledger.effects().length} of ${acknowledged.size} effects`))
    await untilAllEnded(cluster.client, 600_000, tell)

    const paths = [...acknowledged.keys()].flatMap((label) => paymentPaths(label, 1))
    return {
      enough: [
        atLeast('kills of the api', faults.kills, load.kills),
        atLeast('requests acknowledged at once', acknowledged.size - retried.length, load.perSecond),
        atLeast('requests that had to be asked again', retried.length, 1),
      ],
      claims: [
        // Each request has one run, whether acknowledged at once or when asked again.
        ...runClaims(await auditRuns(cluster.databaseUrl), requests.length),
        exactly('acknowledged runs that are not distinct', acknowledged.size - new Set(acknowledged.values()).size, 0),
        ...effectClaims(ledger, paths),
      ],
      figures: { requests: requests.length },
    }
  },
})
