// The platform with the chaos suite's own programs: each process of its cluster runs this.
import { parseArgs } from 'node:util'
import { createLogger, readConfig, serve, targetNames } from '@freehold/server'
import { programs } from './programs.ts'

const { values } = parseArgs({ allowPositionals: true, options: { target: { type: 'string' } } })
const target = targetNames.find((name) => name === values.target)
if (!target) throw new Error(`There is no target "${values.target}".`)

const config = readConfig(process.env, target)
const server = await serve(config, createLogger(config), console.log, { programs })
process.once('SIGTERM', () => void server.stop())
if (target === 'migrate') await server.stop()
