import { setTimeout as delay } from 'node:timers/promises'
import { view } from '@freehold/testkit'
import { auditRuns, runClaims } from '../audit.ts'
import { atLeast, atMost, defineExperiment, exactly } from '../experiment.ts'
import { p95 } from '../figures.ts'
import { createAgent, openGround } from '../ground.ts'
import { occasionally, startRun } from '../load.ts'

export const cutViewers = defineExperiment({
  number: 7,
  title: 'viewers are cut',
  fault: 'Each viewer is cut every 1–3 s, and the api is killed and started again meanwhile.',
  loads: {
    full: {
      viewers: 200,
      runs: 4,
      events: 1_000,
      stepMs: 100,
      cutMs: [1_000, 3_000] as const,
      restarts: 3,
      resumeMs: 2_000,
    },
    small: {
      viewers: 12,
      runs: 2,
      events: 100,
      stepMs: 60,
      cutMs: [500, 1_500] as const,
      restarts: 1,
      // On a busy machine, starting the api alone takes longer than the 2 s of the full size.
      resumeMs: 20_000,
    },
  },
  async run(load, { random, say }) {
    await using ground = await openGround({ workers: 1, leaseMs: 15_000 })
    const { cluster } = ground
    const door = { url: cluster.gateway.url, apiKey: cluster.apiKey }
    await createAgent(cluster.client, 'working', { program: 'working' })
    const runIds: string[] = []
    for (let n = 0; n < load.runs; n += 1) {
      const message = `${load.events} ${load.stepMs}`
      runIds.push(await startRun(door, { agent: 'working', message, idempotencyKey: `watched-${n}` }))
    }

    let seen = 0
    const tell = occasionally(() => say(`${seen} of ${load.viewers * load.events} events seen`))
    const watching = Array.from({ length: load.viewers }, (_, n) => {
      const runId = runIds[n % runIds.length] ?? ''
      return view({
        ...door,
        runId,
        cutAfterMs: () => random.between(load.cutMs[0], load.cutMs[1]),
        onFrame: () => {
          seen += 1
          tell()
        },
      }).then((viewed) => ({ runId, ...viewed }))
    })
    for (let n = 0; n < load.restarts; n += 1) {
      await delay((load.events * load.stepMs) / (load.restarts + 1))
      await cluster.restartApi('SIGKILL')
      say(`api restarted, ${n + 1} of ${load.restarts}`)
    }
    const viewers = await Promise.all(watching)

    const resumes = viewers.flatMap(({ resumesMs }) => resumesMs)
    const audit = await auditRuns(cluster.databaseUrl)
    let gaps = 0
    let duplicates = 0
    for (const { events } of viewers) {
      const numbers = events.map(({ seq }) => seq)
      duplicates += numbers.length - new Set(numbers).size
      // The last one ends the run, so its number is how many there are.
      gaps += (numbers.at(-1) ?? 0) - new Set(numbers).size
    }
    return {
      enough: [
        atLeast('viewers', viewers.length, load.viewers),
        atLeast('events of each viewer', Math.min(...viewers.map(({ events }) => events.length)), load.events),
        atLeast('resumed connections', resumes.length, load.viewers * 2),
      ],
      claims: [
        ...runClaims(audit, load.runs),
        exactly('events missed', gaps, 0),
        exactly('events seen twice', duplicates, 0),
        atMost('resume p95 (ms)', p95(resumes), load.resumeMs),
      ],
      figures: {},
    }
  },
})
