// The platform with a program that makes as many steps as it is told to.
import { defineProgram } from '@freehold/runtime'
import { createLogger, readConfig, serve } from '@freehold/server'

const counting = defineProgram('counting', async (run) => {
  for (let count = 1; count <= Number(run.message); count += 1) await run.step(`count to ${count}`, () => count)
  return 'counted'
})

const config = readConfig(process.env, 'all')
const server = await serve(config, createLogger(config), console.log, { programs: [counting] })
process.once('SIGTERM', () => void server.stop())
