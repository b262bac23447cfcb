import { z } from 'zod'
import { tenantRoles } from './permissions.ts'
import { plainText } from './plain-text.ts'
import { idSchema } from './tenants.ts'

const teamRolesSchema = z.array(z.enum(tenantRoles)).min(1).max(tenantRoles.length)

export const createTeamSchema = z.strictObject({ name: plainText(63) })
export type CreateTeam = z.output<typeof createTeamSchema>

export const teamSchema = z.object({ id: idSchema, name: z.string(), createdAt: z.iso.datetime() }).meta({
  id: 'Team',
  description: 'A part of a tenant with agents, connections, secrets, keys and budgets of its own.',
})
export type Team = z.output<typeof teamSchema>

export const putTeamMemberSchema = z.strictObject({ roles: teamRolesSchema })

export const teamMemberSchema = z
  .object({
    id: idSchema,
    email: z.string().nullable(),
    name: z.string().nullable(),
    roles: z.array(z.enum(tenantRoles)),
  })
  .meta({ id: 'TeamMember' })
export type TeamMember = z.output<typeof teamMemberSchema>

/** What a team can own, and so what can be given to another one. A key stays where it was made. */
export const ownedKindSchema = z.enum(['agent', 'connection', 'secret', 'budget', 'service'])

export const ownResourceSchema = z.strictObject({
  /** Null: it belongs to the tenant as a whole. */
  teamId: idSchema.nullable(),
  /** Teams that may see and use it, and not change it. */
  sharedWith: z.array(idSchema).max(100).default([]),
})
export type OwnResource = z.output<typeof ownResourceSchema>

export const ownershipSchema = z
  .object({
    kind: z.string(),
    resource: z.string().meta({ description: 'A name; of a budget and a key, an id.' }),
    teamId: idSchema.nullable(),
    sharedWith: z.array(idSchema),
  })
  .meta({ id: 'Ownership' })
export type Ownership = z.output<typeof ownershipSchema>
