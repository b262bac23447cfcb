import type { SecretsManagerClient, SecretsManagerClientConfig } from '@aws-sdk/client-secrets-manager'
import { FreeholdError } from '@freehold/contracts'
import type { SecretRef, Vault } from './vault.ts'

type Sdk = typeof import('@aws-sdk/client-secrets-manager')

/**
 * Values in AWS Secrets Manager, as `<prefix>/<tenant>/<secret>`. Region and credentials come from where AWS's own tools take
 * them, unless `config` has them. The SDK is loaded with the first value, so that nobody else pays for it.
 */
export function createAwsVault(prefix: string, config: SecretsManagerClientConfig = {}, timeoutMs = 10_000): Vault {
  let loaded: Promise<{ sdk: Sdk; client: SecretsManagerClient }> | undefined
  const load = () => {
    loaded ??= import('@aws-sdk/client-secrets-manager').then((sdk) => ({
      sdk,
      client: new sdk.SecretsManagerClient(config),
    }))
    return loaded
  }
  // The SDK itself would wait for as long as the connection stays open.
  const within = () => ({ abortSignal: AbortSignal.timeout(timeoutMs) })
  const nameOf = ({ tenantId, secretId }: SecretRef) => `${prefix}/${tenantId}/${secretId}`
  return {
    kind: 'aws',
    async put(secret, value) {
      const { sdk, client } = await load()
      return translated(() => putValue(sdk, client, nameOf(secret), value, within()))
    },
    async get(secret) {
      const { sdk, client } = await load()
      return translated(async () => {
        try {
          const answer = await client.send(new sdk.GetSecretValueCommand({ SecretId: nameOf(secret) }), within())
          return { value: answer.SecretString ?? '', version: answer.VersionId ?? '' }
        } catch (error) {
          if (error instanceof sdk.ResourceNotFoundException) return undefined
          throw error
        }
      })
    },
    async delete(secret) {
      const { sdk, client } = await load()
      await translated(async () => {
        const command = new sdk.DeleteSecretCommand({ SecretId: nameOf(secret), ForceDeleteWithoutRecovery: true })
        await client.send(command, within()).catch((error: unknown) => {
          if (!(error instanceof sdk.ResourceNotFoundException)) throw error
        })
      })
    },
  }
}

/** The next version of what is there, else the first. Of several that find nothing one creates it. */
async function putValue(
  sdk: Sdk,
  client: SecretsManagerClient,
  name: string,
  value: string,
  within: { abortSignal: AbortSignal },
): Promise<string> {
  const putNext = () => client.send(new sdk.PutSecretValueCommand({ SecretId: name, SecretString: value }), within)
  const create = () => client.send(new sdk.CreateSecretCommand({ Name: name, SecretString: value }), within)
  const answer = await putNext().catch((error: unknown) => {
    if (!(error instanceof sdk.ResourceNotFoundException)) throw error
    return create().catch((refusal: unknown) => {
      if (!(refusal instanceof sdk.ResourceExistsException)) throw refusal
      return putNext()
    })
  })
  return answer.VersionId ?? ''
}

/** AWS's errors hold the request. Their names say enough. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown'
    const message = `The vault (AWS Secrets Manager) refused or did not answer (${name}). Try again in a moment.`
    throw new FreeholdError('unavailable', message, { retryAfterSeconds: 2 })
  }
}
