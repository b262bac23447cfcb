import { z } from 'zod'
import { tenantRoles } from './permissions.ts'
import { plainText } from './plain-text.ts'
import { idSchema } from './tenants.ts'

const rolesSchema = z.array(z.enum(tenantRoles)).max(tenantRoles.length)
const invitedTeamsSchema = z.array(z.strictObject({ id: idSchema, roles: rolesSchema.min(1) })).max(50)

export const memberSchema = z
  .object({
    id: idSchema.meta({ description: 'Of the person, who can be a member of other tenants, too.' }),
    kind: z.enum(['person', 'service']),
    email: z.string().nullable(),
    name: z.string().nullable(),
    roles: z.array(z.enum(tenantRoles)),
    source: z.string().meta({
      description:
        'Where the membership comes from: `invitation`, `installation`, `service`, `support`, or `claim:<issuer>`, which follows the tokens.',
    }),
    joinedAt: z.iso.datetime(),
    expiresAt: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'When support ends by itself; null for everyone else.' }),
    reason: z.string().nullable().meta({ description: 'What support came for.' }),
  })
  .meta({ id: 'Member' })
export type Member = z.output<typeof memberSchema>

export const changedMemberSchema = memberSchema
  .extend({
    revokedKeys: z
      .int()
      .meta({ description: 'How many of their keys were revoked: those that could do more than they.' }),
  })
  .meta({ id: 'ChangedMember' })
export type ChangedMember = z.output<typeof changedMemberSchema>

/** No roles: what they are in their teams is all that they are. */
export const updateMemberSchema = z.strictObject({ roles: rolesSchema })

export const createServiceAccountSchema = z.strictObject({
  name: plainText(100),
  /** What it may do in the tenant as a whole; it joins teams with PUT /teams/{id}/members/{person}. */
  roles: rolesSchema.default([]),
})
export type CreateServiceAccount = z.output<typeof createServiceAccountSchema>

export const startSupportSchema = z.strictObject({
  /** The tenant reads it. */
  reason: z.string().trim().min(1).max(500),
  /** No role that gives others access: what support makes must not outlast it. */
  roles: z
    .array(z.enum(['builder', 'operator', 'viewer']))
    .min(1)
    .default(['viewer']),
  minutes: z.int().min(1).max(480).default(60),
})
export type StartSupport = z.output<typeof startSupportSchema>

/** Compared in lower case, as every mail server that matters does. */
export const emailSchema = z.email().max(254).toLowerCase()

export const createInvitationSchema = z
  .strictObject({
    email: emailSchema,
    /** What they will be in the tenant as a whole. An owner can give every role, an admin every other one. */
    roles: rolesSchema.default([]),
    /** What they will be in teams. */
    teams: invitedTeamsSchema.default([]),
    expiresInDays: z.int().min(1).max(30).default(7),
  })
  .refine(({ roles, teams }) => roles.length + teams.length > 0, { message: 'give at least one role, or a team' })

export type CreateInvitation = z.output<typeof createInvitationSchema>

export const invitationSchema = z
  .object({
    id: idSchema,
    email: z.string(),
    roles: z.array(z.enum(tenantRoles)),
    teams: invitedTeamsSchema,
    status: z.enum(['pending', 'accepted', 'revoked', 'expired']),
    invitedBy: z.string().meta({ description: 'Who did, such as `person:<id>`.' }),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Invitation' })
export type Invitation = z.output<typeof invitationSchema>

export const createdInvitationSchema = invitationSchema
  .extend({
    tenantName: z.string(),
    token: z
      .string()
      .meta({ description: 'Accepts the invitation, by whoever signs in with its address. Shown this once.' }),
  })
  .meta({ id: 'CreatedInvitation' })
export type CreatedInvitation = z.output<typeof createdInvitationSchema>

export const acceptInvitationSchema = z.strictObject({ token: z.string().min(1).max(200) })
