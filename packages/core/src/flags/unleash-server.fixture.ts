import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ContractFlag } from './flags-contract.fixture.ts'

export interface UnleashServer {
  url: string
  token: string
  /** Refuses with this status, until it is undefined. */
  refuse(status: number | undefined): void
  /** How many requests were refused, and how many were not. */
  counts(): { refused: number; answered: number }
  close(): Promise<void>
}

/**
 * What Unleash says to clients (`GET /api/client/features`, version 2 of the format), with flags of one tenant as its
 * operator would set them. Not Unleash itself, which is AGPL and no part of the project; the client and what it makes of
 * the strategies is the real one.
 */
export async function startUnleashServer(tenantId: string, flags: readonly ContractFlag[]): Promise<UnleashServer> {
  const token = 'default:production.a-client-token'
  const features = flags.map((flag) => toFeature(tenantId, flag))
  let refusal: number | undefined
  const counts = { refused: 0, answered: 0 }
  const server = createServer((request, response) => {
    counts[refusal === undefined ? 'answered' : 'refused'] += 1
    if (refusal !== undefined) return void response.writeHead(refusal).end()
    if (request.headers.authorization !== token) return void response.writeHead(401).end()
    if (request.method !== 'GET') return void response.writeHead(202).end()
    response.writeHead(200, { 'content-type': 'application/json', etag: '"1"' })
    response.end(JSON.stringify({ version: 2, features, segments: [] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    refuse: (status) => {
      refusal = status
    },
    counts: () => ({ ...counts }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A flag in the terms of Unleash: constraints for whom it is and by which attributes, a gradual rollout, variants. */
function toFeature(tenantId: string, { name, environment, type, enabled, variants, rules, serve }: ContractFlag) {
  const isIn = (contextName: string, values: string[]) => ({ contextName, operator: 'IN', values })
  const attributes = rules.flatMap(({ when }) => when.map(({ attribute, values }) => isIn(attribute, values)))
  const [parts = serve] = rules.map((rule) => rule.serve)
  const rollout = type === 'boolean' ? (parts.find(({ variant }) => variant === 'on')?.percent ?? 0) : 100
  return {
    name,
    enabled,
    strategies: [
      {
        name: 'flexibleRollout',
        constraints: [isIn('tenantId', [tenantId]), isIn('environment', [environment]), ...attributes],
        parameters: { rollout: String(rollout), stickiness: 'default', groupId: name },
        variants:
          type === 'boolean'
            ? []
            : serve.map(({ variant, percent }) => ({
                name: variant,
                weight: percent * 10,
                stickiness: 'default',
                payload: toPayload(type, variants[variant]),
              })),
      },
    ],
  }
}

function toPayload(type: ContractFlag['type'], value: unknown) {
  if (type === 'string') return { type: 'string', value }
  return { type: type === 'number' ? 'number' : 'json', value: JSON.stringify(value) }
}
