import type { Tool } from '@freehold/contracts'
import type { Bus } from './bus/bus.ts'
import type { Database } from './db/database.ts'
import type { ObjectStore } from './objects/object-store.ts'
import type { SecretCipher } from './secrets/cipher.ts'
import type { Vault } from './secrets/vault.ts'

/** What an agent can be made of here; filled by the server, which knows the runtime. */
export interface Catalogue {
  programs: readonly string[]
  /** What can stand before the slash in the name of a model, whether it has a key or not. */
  providers: readonly string[]
  tools: readonly Tool[]
}

/** The parts that every verb works with. */
export interface Platform {
  database: Database
  bus: Bus
  catalogue: Catalogue
  secrets: SecretCipher
  vault: Vault
  objects: ObjectStore
  /** Why nothing would be sent to a URL that a tenant gives; undefined when it may. */
  findRefusal(url: string): Promise<string | undefined>
}
