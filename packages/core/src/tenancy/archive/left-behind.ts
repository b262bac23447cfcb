import type { ImportedTenant } from '@freehold/contracts'
import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'
import type { Manifest } from './format.ts'
import { readBatches } from './read-archive.ts'

type LeftBehind = Pick<ImportedTenant, 'members' | 'serviceAccounts' | 'invitations' | 'keys'>

const mostShown = 1_000

/** Files about what stays where it is, so that the import can tell what has to be made again. */
export const leftBehind: Record<'members' | 'invitations' | 'keys', RawBuilder<unknown>> = {
  // Not support, whose membership ends by itself.
  members: sql`
    select jsonb_build_object('kind', p.kind, 'email', p.email, 'name', p.name, 'roles', m.roles, 'teams', (
             select coalesce(jsonb_agg(jsonb_build_object('id', j.team_id, 'roles', j.roles)), '[]') from team_members j
              where j.person_id = m.person_id))::text as line
      from memberships m join people p on p.id = m.person_id where m.source <> 'support' order by m.person_id`,
  invitations: sql`
    select jsonb_build_object('email', i.email, 'roles', i.roles, 'teams', i.teams)::text as line
      from invitations i where i.accepted_at is null and i.revoked_at is null and i.expires_at > now() order by i.id`,
  keys: sql`
    select jsonb_build_object('name', k.name, 'environment', k.environment, 'member', p.name)::text as line
      from api_keys k left join people p on p.id = k.member_id
     where k.revoked_at is null and (k.expires_at is null or k.expires_at > now()) order by k.id`,
}

const rolesSchema = z.array(z.string())
const memberSchema = z.object({
  kind: z.enum(['person', 'service']),
  email: z.string().nullable(),
  name: z.string().nullable(),
  roles: rolesSchema,
})
const invitationSchema = z.object({ email: z.string(), roles: rolesSchema })
const keySchema = z.object({ name: z.string() })

/** The first of each, out of an archive that was unpacked. */
export async function readLeftBehind(manifest: Manifest, folder: string): Promise<LeftBehind> {
  const members = await readAll(manifest, folder, 'members', memberSchema)
  const keys = await readAll(manifest, folder, 'keys', keySchema)
  return {
    members: members.filter(({ kind }) => kind === 'person').map(({ email, name, roles }) => ({ email, name, roles })),
    serviceAccounts: members
      .filter(({ kind }) => kind === 'service')
      .map(({ name, roles }) => ({ name: name ?? '', roles })),
    invitations: await readAll(manifest, folder, 'invitations', invitationSchema),
    keys: keys.map(({ name }) => name),
  }
}

async function readAll<T extends z.ZodType>(
  { files }: Manifest,
  folder: string,
  file: keyof typeof leftBehind,
  schema: T,
): Promise<z.output<T>[]> {
  const found: z.output<T>[] = []
  const index = files.findIndex(({ name }) => name === file)
  for await (const lines of readBatches(folder, index)) {
    for (const line of lines) if (found.length < mostShown) found.push(schema.parse(JSON.parse(line)))
  }
  return found
}
