import { randomUUID } from 'node:crypto'
import type { Environment, EvaluateFlag } from '@freehold/contracts'
import {
  type Client,
  type EvaluationDetails,
  type JsonValue,
  OpenFeature,
  type Provider,
} from '@openfeature/server-sdk'

/** The flags of one tenant in one environment. */
export interface BoundFlags {
  /** The OpenFeature client itself. No context of a call leads it to another tenant or environment. */
  client(subject?: Pick<EvaluateFlag, 'targetingKey' | 'attributes'>): Client
  /** By type. Null for a flag that is off and no boolean. */
  details(name: string, asked: EvaluateFlag): Promise<EvaluationDetails<JsonValue>>
}

export interface Flags {
  /** Where they are. */
  kind: 'stored' | 'unleash'
  bind(tenantId: string, environment: Environment): BoundFlags
  close(): Promise<void>
}

/** Puts a provider to use. One that is not ready yet is asked all the same, and says so in each answer. */
export async function openFlags(
  kind: Flags['kind'],
  provider: Provider,
  onError: (error: unknown) => void = () => {},
): Promise<Flags> {
  // Providers are global to a process, by domain.
  const domain = randomUUID()
  await OpenFeature.setProviderAndWait(domain, provider).catch(onError)
  return {
    kind,
    bind(tenantId, environment) {
      const client: BoundFlags['client'] = ({ targetingKey, attributes } = { attributes: {} }) =>
        OpenFeature.getClient(domain, { ...attributes, ...(targetingKey !== undefined && { targetingKey }) }).addHooks({
          // What a hook says goes before the contexts of the client and of the call.
          before: () => ({ tenantId, environment }),
        })
      return { client, details: (name, asked) => ask(client(asked), name, asked.type) }
    },
    close: async () => void (await provider.onClose?.()),
  }
}

async function ask(client: Client, name: string, type: EvaluateFlag['type']): Promise<EvaluationDetails<JsonValue>> {
  if (type === 'boolean') return client.getBooleanDetails(name, false)
  const details = await {
    string: () => client.getStringDetails(name, ''),
    number: () => client.getNumberDetails(name, 0),
    object: () => client.getObjectDetails(name, {}),
  }[type]()
  return details.reason === 'DISABLED' ? { ...details, value: null } : details
}
