// The platform with a program that takes as many steps as it is told to.
import { defineProgram } from '@freehold/runtime'
import { createLogger, readConfig, serve } from '@freehold/server'

/** Of «1000» it counts to 1,000, a step each; of «2 times 1000» it has itself do so twice. */
const counting = defineProgram('counting', async (run) => {
  const [count = '', times = '0'] = run.message.split(' times ').reverse()
  for (let time = 1; time <= Number(times); time += 1) await run.delegate({ agent: run.agent, message: count })
  if (times !== '0') return 'counted by others'
  for (let step = 1; step <= Number(count); step += 1) await run.step(`count to ${step}`, () => step)
  return 'counted'
})

const config = readConfig(process.env, 'all')
const server = await serve(config, createLogger(config), console.log, { programs: [counting] })
process.once('SIGTERM', () => void server.stop())
