import { z } from 'zod'

const schema = z.object({
  /** Where this process finds the gateway. */
  FREEHOLD_GATEWAY_URL: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:3000'),
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3003),
})

export interface WebConfig {
  gatewayUrl: string
  host: string
  port: number
}

/** Reads the configuration from the environment. Throws one `Error` that names every problem. */
export function readConfig(env: NodeJS.ProcessEnv): WebConfig {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = schema.safeParse(given)
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  - ${issue.path.join('.')}: ${issue.message}`)
    throw new Error(`The configuration is not valid:\n${problems.join('\n')}`)
  }
  const { FREEHOLD_GATEWAY_URL: gatewayUrl, HOST: host, PORT: port } = parsed.data
  return { gatewayUrl: gatewayUrl.replace(/\/$/, ''), host, port }
}

/** That of this process, for code that Next calls. */
export const currentConfig = (): WebConfig => readConfig(process.env)
