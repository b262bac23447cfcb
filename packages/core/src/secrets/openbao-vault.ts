import { z } from 'zod'
import { createOpenBaoClient, type OpenBaoConfig } from './openbao-client.ts'
import type { SecretRef, Vault } from './vault.ts'

const written = z.object({ data: z.object({ version: z.int() }) })
const found = z.object({
  data: z.object({ data: z.object({ value: z.string() }), metadata: z.object({ version: z.int() }) }),
})

/** Values in the KV engine, version 2, of OpenBao or HashiCorp Vault, under `freehold/<tenant>/<secret>`. */
export function createOpenBaoVault(config: OpenBaoConfig): Vault {
  const bao = createOpenBaoClient(config, {
    name: 'KV engine of version 2',
    rights: 'create, read, update and delete',
  })
  return {
    kind: 'openbao',
    async put(secret, value) {
      const { data } = await bao.ask(written, 'POST', pathOf('data', secret), { data: { value } })
      return String(data.version)
    },
    async get(secret) {
      const answer = await bao.ask(found.optional(), 'GET', pathOf('data', secret))
      return answer && { value: answer.data.data.value, version: String(answer.data.metadata.version) }
    },
    // The metadata go with all versions; deleting the data would leave them to be undeleted.
    async delete(secret) {
      await bao.ask(z.unknown(), 'DELETE', pathOf('metadata', secret))
    },
  }
}

function pathOf(part: 'data' | 'metadata', { tenantId, secretId }: SecretRef): string {
  return `${part}/freehold/${tenantId}/${secretId}`
}
