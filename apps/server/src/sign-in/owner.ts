import type { VouchedPerson } from '@freehold/core'
import type { Auth } from 'better-auth'

/** The first person of an installation, and how they sign in. */
export interface Owner {
  email: string
  password: string
}

export interface OwnerSecrets {
  /** The same in every process that has the secret key, so that several that start at once make one owner. */
  id: string
  password: string
}

/** Gives somebody the rights of an owner; doing so again changes nothing. */
export type RegisterOwner = (person: VouchedPerson) => Promise<void>

type AuthContext = Awaited<Auth['$context']>

/**
 * Makes the owner where nobody can sign in yet. `register` gives them their rights, and comes first: a start that is
 * cut off in between is completed by the next one. Gives what they sign in with, as far as it is known.
 */
export async function ensureOwner(
  { adapter, password }: AuthContext,
  { id, ...generated }: OwnerSecrets,
  email: string,
  known: Owner | undefined,
  register: RegisterOwner,
): Promise<Owner | undefined> {
  const owner = known ?? { email, password: generated.password }
  if ((await adapter.count({ model: 'user' })) === 0) {
    await register({ issuer: 'freehold', subject: id, email: owner.email, emailVerified: true, name: 'Owner' })
    await insertOwner(adapter, id, owner.email, await password.hash(owner.password))
  }
  if (known) return known
  // Known without the file: it follows from the secret key, as long as nobody has set another one.
  const account = await adapter.findOne<{ password?: string | null }>({
    model: 'account',
    where: [{ field: 'id', value: id }],
  })
  const isStillSo = account?.password && (await password.verify({ hash: account.password, password: owner.password }))
  return isStillSo ? owner : undefined
}

async function insertOwner(adapter: AuthContext['adapter'], id: string, email: string, hash: string): Promise<void> {
  const now = new Date()
  const rows = [
    ['user', { id, email, emailVerified: true, name: 'Owner', createdAt: now, updatedAt: now }],
    [
      'account',
      { id, userId: id, accountId: id, providerId: 'credential', password: hash, createdAt: now, updatedAt: now },
    ],
  ] as const
  for (const [model, data] of rows) {
    try {
      await adapter.create({ model, data, forceAllowId: true })
    } catch (error) {
      // Another process that starts at this moment was first.
      if (!(error instanceof Error && 'code' in error && error.code === '23505')) throw error
    }
  }
}
