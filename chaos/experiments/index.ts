import type { Experiment } from '../experiment.ts'
import { killedWorkers } from './01-killed-workers.ts'
import { killedApi } from './02-killed-api.ts'
import { crashedDatabase } from './03-crashed-database.ts'
import { lostAnswers } from './04-lost-answers.ts'
import { stoppedWorker } from './05-stopped-worker.ts'
import { cutViewers } from './07-cut-viewers.ts'
import { duplicateRequests } from './08-duplicate-requests.ts'
import { noisyNeighbour } from './10-noisy-neighbour.ts'
import { failingProvider } from './11-failing-provider.ts'
import { wrongClocks } from './13-wrong-clocks.ts'

export const experiments: readonly Experiment[] = [
  killedWorkers,
  killedApi,
  crashedDatabase,
  lostAnswers,
  stoppedWorker,
  cutViewers,
  duplicateRequests,
  noisyNeighbour,
  failingProvider,
  wrongClocks,
]
