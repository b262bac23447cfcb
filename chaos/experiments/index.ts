import type { Experiment } from '../experiment.ts'
import { killedWorkers } from './01-killed-workers.ts'
import { killedApi } from './02-killed-api.ts'
import { crashedDatabase } from './03-crashed-database.ts'
import { lostAnswers } from './04-lost-answers.ts'
import { stoppedWorker } from './05-stopped-worker.ts'
import { poison } from './06-poison.ts'
import { cutViewers } from './07-cut-viewers.ts'
import { duplicateRequests } from './08-duplicate-requests.ts'
import { budgets } from './09-budgets.ts'
import { noisyNeighbour } from './10-noisy-neighbour.ts'
import { failingProvider } from './11-failing-provider.ts'
import { lostRedis } from './12-lost-redis.ts'
import { wrongClocks } from './13-wrong-clocks.ts'

export const experiments: readonly Experiment[] = [
  killedWorkers,
  killedApi,
  crashedDatabase,
  lostAnswers,
  stoppedWorker,
  poison,
  cutViewers,
  duplicateRequests,
  budgets,
  noisyNeighbour,
  failingProvider,
  lostRedis,
  wrongClocks,
]
