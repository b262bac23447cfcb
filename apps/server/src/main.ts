import { parseArgs } from 'node:util'
import { readConfig } from './config.ts'
import { createLogger } from './logger.ts'
import { generateSecretKey } from './secret-key.ts'
import { serve } from './serve.ts'
import { generateServiceKeys } from './service-token.ts'
import { type Target, targetNames } from './targets.ts'

const usage = `Usage: npm start -- [--target=${targetNames.join('|')}]
       npm run keygen      make the keys that targets on several hosts share`

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { target: { type: 'string', default: 'all' }, help: { type: 'boolean', short: 'h' } },
  })
  const [command = 'serve'] = positionals
  if (values.help) console.log(usage)
  else if (command === 'keygen') await printKeys()
  else if (command === 'serve') await serveUntilStopped(parseTarget(values.target))
  else throw new Error(`There is no command "${command}".\n${usage}`)
}

function parseTarget(text: string): Target {
  const target = targetNames.find((name) => name === text)
  if (!target) throw new Error(`There is no target "${text}".\n${usage}`)
  return target
}

async function printKeys(): Promise<void> {
  const { privateKey, publicKey } = await generateServiceKeys()
  console.log(`# for the gateway\nFREEHOLD_SERVICE_KEY='${JSON.stringify(privateKey)}'`)
  console.log(`# for the api\nFREEHOLD_SERVICE_PUBLIC_KEY='${JSON.stringify(publicKey)}'`)
  console.log(`# for the api and the workers\nFREEHOLD_SECRET_KEY='${generateSecretKey()}'`)
}

async function serveUntilStopped(target: Target): Promise<void> {
  const config = readConfig(process.env, target)
  const logger = createLogger(config)
  const stopped = Promise.withResolvers<NodeJS.Signals>()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stopped.resolve(signal))
  // A promise that a program or a library forgot must not take every tenant's runs down.
  process.on('unhandledRejection', (error) => logger.error({ err: error }, 'a promise was rejected and nobody looked'))
  const server = await serve(config, logger, (line) => console.log(line.includes('\n') ? line : `[freehold] ${line}`))
  if (target !== 'migrate') {
    const signal = await stopped.promise
    logger.info({ signal }, 'stopping')
    // A run or a viewer that doesn't let go must not keep the process.
    setTimeout(() => process.exit(1), config.shutdownGraceMs + 10_000).unref()
  }
  await server.stop()
  logger.info('stopped')
}

try {
  await main()
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  console.error(`[freehold] ${message}`)
  process.exitCode = 1
}
