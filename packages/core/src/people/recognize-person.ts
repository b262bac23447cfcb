import { type Membership, type PlatformRole, type TenantRole, toPlainText } from '@freehold/contracts'
import { sql } from 'kysely'
import { uuidv7 } from 'uuidv7'
import type { Database, Tx } from '../db/database.ts'
import { rolesOf } from '../identity/roles.ts'

/** In characters; who names themselves at such length wants to fill a page. */
const longestName = 100

/** Someone, as an issuer vouches for them. */
export interface VouchedPerson {
  /** `freehold` for our own sign-in, else the `iss` of the token. */
  issuer: string
  /** Who they are to that issuer, for good. */
  subject: string
  email: string | null
  emailVerified: boolean
  name: string | null
  /** What a mapped claim says of memberships, with tenants by their names; absent when the issuer maps none. */
  memberships?: readonly { tenant: string; roles: readonly TenantRole[] }[] | undefined
}

export interface MembershipRow extends Membership {
  source: string
}

export interface Person {
  id: string
  email: string | null
  name: string | null
  platform_role: PlatformRole | null
  disabled: boolean
  memberships: MembershipRow[]
}

/** Finds the person that an issuer vouches for, or gets to know them, and keeps what the issuer says of them. */
export async function recognizePerson(database: Database, vouched: VouchedPerson): Promise<Person> {
  const { issuer, subject, emailVerified } = vouched
  const name = vouched.name === null ? null : toPlainText(vouched.name, longestName)
  // Invitations are accepted by address, so one that anybody can type in counts for nothing, nor does what it was before.
  const email = emailVerified || vouched.email === null ? vouched.email : ''
  const [person] = await database.call<Person>(
    'recognize-person',
    'select * from door_recognize_person($1, $2, $3, $4, $5)',
    [uuidv7(), issuer, subject, email?.toLowerCase() ?? null, name],
  )
  if (!person) throw new Error('a person was not recognized')
  return person
}

/** As others see it, with the roles in their own order. */
export function toMembership({ id, name, status, roles, teams }: MembershipRow): Membership {
  const joined = teams.map((team) => ({ ...team, roles: rolesOf(team.roles) }))
  return { id, name, status, roles: rolesOf(roles), teams: joined }
}

/** With what the transaction has written. */
export async function readMembershipsWithin(tx: Tx, personId: string): Promise<MembershipRow[]> {
  const { rows } = await sql<{ memberships: MembershipRow[] }>`
    select door_read_memberships(${personId}) as memberships`.execute(tx)
  return rows[0]?.memberships ?? []
}

/** The tenants that a person belongs to, by name. */
export async function readMemberships(database: Database, personId: string): Promise<MembershipRow[]> {
  const [row] = await database.call<{ memberships: MembershipRow[] }>(
    'read-memberships',
    'select door_read_memberships($1) as memberships',
    [personId],
  )
  return row?.memberships ?? []
}
