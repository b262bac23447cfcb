import type { Tx } from '../db/database.ts'
import type { Caller } from '../identity/caller.ts'

/** Names by actors such as `person:<id>`. */
export type ActorNames = ReadonlyMap<string, string>

/**
 * What people, service accounts and keys are called, as far as the caller may see them. A person without a name goes by
 * their address, to whoever may read the members.
 */
export async function readActorNames(tx: Tx, caller: Caller, actors: readonly string[]): Promise<ActorNames> {
  const idsOf = (...kinds: string[]) =>
    [...new Set(actors)].flatMap((actor) => {
      const [kind = '', id = ''] = actor.split(':')
      return kinds.includes(kind) && uuid.test(id) ? [id] : []
    })
  const [people, keys] = [idsOf('person', 'service_account'), idsOf('api_key')]
  const names = new Map<string, string>()
  const mayReadAddresses = caller.permissions.has('members:read')
  for (const { id, kind, name, email } of await readPeople(tx, people)) {
    const shown = name ?? (mayReadAddresses ? email : null)
    if (shown !== null) names.set(`${kind === 'service' ? 'service_account' : 'person'}:${id}`, shown)
  }
  for (const { id, name } of await readKeys(tx, keys)) names.set(`api_key:${id}`, name)
  return names
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

async function readPeople(tx: Tx, ids: string[]) {
  if (ids.length === 0) return []
  return tx.selectFrom('people').select(['id', 'kind', 'name', 'email']).where('id', 'in', ids).execute()
}

async function readKeys(tx: Tx, ids: string[]) {
  if (ids.length === 0) return []
  return tx.selectFrom('api_keys').select(['id', 'name']).where('id', 'in', ids).execute()
}
