import type { Environment, Service, Upstream } from '@freehold/contracts'
import { environments } from '../agents/environments.ts'

export interface DraftedUpstream {
  kind: Upstream['kind'] | 'none'
  url: string
  connection: string
  agent: string
}

/** What the form holds. Figures are as they are typed. */
export interface Draft {
  description: string
  upstreams: Record<Environment, DraftedUpstream>
  timeoutSeconds: string
  requestsPerSecond: string
  /** A JSON document; empty: no contract. */
  contract: string
  force: boolean
}

const noUpstream: DraftedUpstream = { kind: 'none', url: '', connection: '', agent: '' }

export function draftOf(service: Service | undefined): Draft {
  const drafted = (environment: Environment): DraftedUpstream => {
    const upstream = service?.environments[environment]
    if (!upstream) return noUpstream
    if (upstream.kind === 'agent') return { ...noUpstream, kind: 'agent', agent: upstream.agent }
    return { ...noUpstream, kind: upstream.kind, url: upstream.url, connection: upstream.connection ?? '' }
  }
  return {
    description: service?.description ?? '',
    upstreams: {
      development: drafted('development'),
      staging: drafted('staging'),
      production: drafted('production'),
    },
    timeoutSeconds: String((service?.timeoutMs ?? 30_000) / 1_000),
    requestsPerSecond: String(service?.limits.requestsPerSecond ?? ''),
    contract: service?.contract ? JSON.stringify(service.contract.document, null, 2) : '',
    force: false,
  }
}

/** Throws `SyntaxError` for a contract that is no JSON. */
export function bodyOf(draft: Draft) {
  const served = environments.flatMap((environment) => {
    const upstream = upstreamOf(draft.upstreams[environment])
    return upstream ? [[environment, upstream] as const] : []
  })
  return {
    description: draft.description,
    environments: Object.fromEntries(served),
    timeoutMs: Math.round(Number(draft.timeoutSeconds) * 1_000),
    limits: { requestsPerSecond: draft.requestsPerSecond === '' ? null : Number(draft.requestsPerSecond) },
    contract: contractOf(draft.contract),
    force: draft.force,
  }
}

function upstreamOf({ kind, url, connection, agent }: DraftedUpstream): Upstream | undefined {
  if (kind === 'none') return undefined
  return kind === 'agent' ? { kind, agent } : { kind, url, connection: connection || null }
}

/** An OpenAPI document says so; anything else is for the API to judge as an agent card. */
function contractOf(text: string) {
  if (text.trim() === '') return null
  const document = JSON.parse(text)
  return { kind: 'openapi' in Object(document) ? ('openapi' as const) : ('agent_card' as const), document }
}
