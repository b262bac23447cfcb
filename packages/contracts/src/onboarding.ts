import { z } from 'zod'
import { createAgentSchema } from './agents.ts'
import { changeBrandingSchema, customHostSchema } from './branding.ts'
import { createBudgetSchema } from './budgets.ts'
import { queryFlag } from './operation.ts'
import { emailSchema } from './people.ts'
import { planNameSchema } from './plans.ts'
import { createTeamSchema } from './teams.ts'
import {
  createdTenantSchema,
  hostPatternSchema,
  idSchema,
  newTenantNameSchema,
  productionApprovalsSchema,
  tenantNameSchema,
  tenantSchema,
  timeZoneSchema,
} from './tenants.ts'

/** A list in which nothing comes twice. */
function listOf<T extends z.ZodType>(item: T, most: number, nameOf: (entry: z.output<T>) => string) {
  return z
    .array(item)
    .max(most)
    .superRefine((entries, context) => {
      const names = entries.map(nameOf)
      for (const [index, name] of names.entries()) {
        if (names.indexOf(name) < index)
          context.addIssue({ code: 'custom', path: [index], message: `"${name}" is here twice` })
      }
    })
}

const itself = (entry: string) => entry

/**
 * What a tenant is to have. What is left out stays as it is, and nothing that it has besides is deleted. A budget and an
 * agent are given in full: what is left out of them is its default.
 */
export const tenantDefinitionSchema = z.strictObject({
  name: tenantNameSchema,
  plan: planNameSchema.optional(),
  /** Invited as owners, unless they are that already. */
  owners: listOf(emailSchema, 20, itself).optional(),
  teams: listOf(createTeamSchema.shape.name, 100, itself).optional(),
  allowedHosts: z.array(hostPatternSchema).max(200).nullable().optional(),
  timeZone: timeZoneSchema.optional(),
  environments: z
    .strictObject({ production: z.strictObject({ approvals: productionApprovalsSchema.nullable() }).optional() })
    .optional(),
  branding: changeBrandingSchema.optional(),
  budgets: listOf(createBudgetSchema, 100, ({ name }) => name).optional(),
  agents: listOf(createAgentSchema, 100, ({ name }) => name).optional(),
})
export type TenantDefinition = z.output<typeof tenantDefinitionSchema>

export const createTenantSchema = tenantDefinitionSchema.extend({ name: newTenantNameSchema })

export const applyTenantQuery = z.strictObject({
  /** Answers what would change, and changes nothing. */
  dryRun: queryFlag.prefault('false'),
})

const tenantChangeSchema = z.object({
  action: z.enum(['create', 'update', 'invite']),
  kind: z.enum(['tenant', 'plan', 'owner', 'team', 'setting', 'branding', 'budget', 'agent']),
  name: z.string(),
  before: z.unknown().meta({ description: 'Null for what was not there.' }),
  after: z.unknown(),
})
export type TenantChange = z.output<typeof tenantChangeSchema>

const issuedInvitationSchema = z.object({
  email: z.string(),
  token: z.string().meta({ description: 'Accepts the invitation. It is mailed, and shown this once.' }),
  expiresAt: z.iso.datetime(),
})

const claimedHostSchema = customHostSchema
  .nullable()
  .meta({ description: 'The host that `branding` names, with the record that it takes.' })

export const appliedTenantSchema = z
  .object({
    id: idSchema.nullable().meta({ description: 'Null: the tenant is not there, since nothing was changed.' }),
    name: z.string(),
    changes: z.array(tenantChangeSchema),
    apiKey: z.string().nullable().meta({ description: 'The first key of a tenant that was created. Shown this once.' }),
    invitations: z.array(issuedInvitationSchema),
    host: claimedHostSchema,
  })
  .meta({ id: 'AppliedTenant' })
export type AppliedTenant = z.output<typeof appliedTenantSchema>

export const onboardedTenantSchema = createdTenantSchema
  .extend({
    invitations: z.array(issuedInvitationSchema).meta({ description: 'Of its owners.' }),
    host: claimedHostSchema,
  })
  .meta({ id: 'OnboardedTenant' })
export type OnboardedTenant = z.output<typeof onboardedTenantSchema>

export const importedTenantSchema = z
  .object({
    tenant: tenantSchema.meta({ description: 'Suspended, so that nothing runs before you resume it.' }),
    apiKey: z.string().meta({ description: 'Its first key here. Shown this once.' }),
    secretsToSet: z.array(z.string()).meta({ description: 'Secrets whose values have to be set again.' }),
    webhooksToRotate: z.int().meta({ description: 'Webhooks that are disabled until their secret is rotated.' }),
    keys: z.array(z.string()).meta({ description: 'Names of the keys that were good there, and are none here.' }),
    members: z
      .array(z.object({ email: z.string().nullable(), name: z.string().nullable(), roles: z.array(z.string()) }))
      .meta({ description: 'Who was a member there, to be invited again.' }),
    serviceAccounts: z
      .array(z.object({ name: z.string(), roles: z.array(z.string()) }))
      .meta({ description: 'Service accounts that were there, to be created again.' }),
    invitations: z
      .array(z.object({ email: z.string(), roles: z.array(z.string()) }))
      .meta({ description: 'Who was invited there and had not accepted yet, to be invited again.' }),
  })
  .meta({ id: 'ImportedTenant' })
export type ImportedTenant = z.output<typeof importedTenantSchema>
