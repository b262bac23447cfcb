import { z } from 'zod'
import { publicBrandingSchema } from './branding.ts'
import { environmentSchema } from './environments.ts'
import { requestsPerSecondSchema } from './limits.ts'
import { permissions, tenantPermissions, tenantRoles } from './permissions.ts'
import { plainText } from './plain-text.ts'
import { planNameSchema, planSchema } from './plans.ts'
import { tenantNameHint, tenantNamePattern } from './tenant-name.ts'

export const idSchema = z.uuid({ error: 'must be an id (a UUID)' })

export const hostPatternSchema = z
  .string()
  .max(253)
  .regex(/^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i, 'use a host name, or "*.example.com" for its subdomains')

/** Also of tenants from before names were for addresses. */
export const tenantNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(63)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u, 'use letters, digits, spaces, ".", "_" and "-"')

export const newTenantNameSchema = z.string().trim().regex(tenantNamePattern, tenantNameHint)

/** A name of the IANA time zone database. */
export const timeZoneSchema = z
  .string()
  .max(64)
  .regex(/^[A-Za-z]/, 'begin with a letter')
  .refine(isTimeZone, 'use a name of the IANA time zone database, such as "Europe/Berlin"')

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}

const nanosPerToken = z.int().min(0).max(1_000_000_000)
const assumedPriceSchema = z.strictObject({ inputNanosPerToken: nanosPerToken, outputNanosPerToken: nanosPerToken })

export const productionApprovalsSchema = z.strictObject({
  /** How many people, besides whoever asks. */
  required: z.int().min(1).max(10),
  /** The role that each of them has to have; anyone with `releases:decide` when null. */
  role: z.enum(tenantRoles).nullable().default(null),
})

export const updateTenantSchema = z
  .strictObject({
    /** Hosts that `http_request` may reach; `null` allows every public host. */
    allowedHosts: z.array(hostPatternSchema).max(200).nullable(),
    /** In which the periods of budgets begin. A change takes effect with the next period. */
    timeZone: timeZoneSchema,
    /** Nano-USD for models without a known price; `null`: they are refused where a budget limits money. */
    assumedPrice: assumedPriceSchema.nullable(),
    /** Who has to approve what gets into production; `null`: nobody. */
    productionApprovals: productionApprovalsSchema.nullable(),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, { message: 'give at least one field to change' })
export type UpdateTenant = z.output<typeof updateTenantSchema>

export const setTenantPlanSchema = z.strictObject({ plan: planNameSchema })

export const tenantSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    status: z.enum(['active', 'suspended']),
    plan: planSchema,
    allowedHosts: z.array(z.string()).nullable(),
    timeZone: z.string(),
    assumedPrice: assumedPriceSchema.nullable(),
    productionApprovals: productionApprovalsSchema.nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Tenant' })

export const createdTenantSchema = tenantSchema
  .extend({ apiKey: z.string().meta({ description: 'The first key, an owner with every scope. Shown this once.' }) })
  .meta({ id: 'CreatedTenant' })

export const createKeySchema = z.strictObject({
  name: plainText(100),
  /** Every tenant permission when absent. A key can't grant what its maker doesn't hold. */
  scopes: z.array(z.enum(tenantPermissions)).min(1).optional(),
  /** None when absent. Approvals can ask for one. An owner can give each, anyone else those that they have. */
  roles: z.array(z.enum(tenantRoles)).optional(),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
  /** The service account that it acts as: what that may do, the key may, as far as `scopes` go. It has no roles of its own. */
  serviceAccountId: idSchema.optional(),
  /** Binds the key to an environment: it starts and sees runs there only. */
  environment: environmentSchema.optional(),
  /** A lower limit than the plan has for a key. */
  requestsPerSecond: requestsPerSecondSchema.optional(),
})

export const keySchema = z
  .object({
    id: idSchema,
    name: z.string(),
    prefix: z.string().meta({ description: 'The first characters, to recognise a key by.' }),
    scopes: z.array(z.enum(tenantPermissions)),
    roles: z.array(z.enum(tenantRoles)),
    createdAt: z.iso.datetime(),
    serviceAccountId: idSchema.nullable(),
    madeBy: z.object({ id: idSchema, name: z.string().nullable() }).nullable().meta({
      description:
        'The member behind it, also when one of their keys made it; null: the installation, or what its service account may do holds it.',
    }),
    environment: environmentSchema.nullable(),
    requestsPerSecond: z.number().nullable(),
    expiresAt: z.iso.datetime().nullable(),
    revokedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ApiKey' })

export const createdKeySchema = keySchema
  .extend({ apiKey: z.string().meta({ description: 'Shown this once.' }) })
  .meta({ id: 'CreatedApiKey' })

const teamMembershipSchema = z.object({ id: idSchema, name: z.string(), roles: z.array(z.enum(tenantRoles)) })
export type TeamMembership = z.output<typeof teamMembershipSchema>

export const membershipSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    status: z.enum(['active', 'suspended']),
    roles: z.array(z.enum(tenantRoles)).meta({ description: 'In the tenant as a whole.' }),
    teams: z.array(teamMembershipSchema).meta({ description: 'The teams in it, with the roles there.' }),
  })
  .meta({ id: 'Membership', description: 'A tenant that a person belongs to.' })
export type Membership = z.output<typeof membershipSchema>

/** Who can act: the operator's key, a tenant's key, somebody who signed in, or a service account by one of its keys. */
export const actorKinds = ['operator', 'api_key', 'person', 'service_account'] as const

export const whoamiSchema = z
  .object({
    actor: z.object({ kind: z.enum(actorKinds), id: z.string(), name: z.string() }),
    tenant: tenantSchema
      .partial()
      .required({ id: true, name: true, status: true })
      .extend({ brand: publicBrandingSchema })
      .nullable()
      .meta({ description: 'That the request stands on, with its settings for "tenant:read"; null: none was chosen.' }),
    memberships: z
      .array(membershipSchema)
      .meta({ description: 'The tenants that a person can choose among with X-Tenant-Id; none for a key.' }),
    permissions: z.array(z.enum(permissions)),
    roles: z.array(z.enum(tenantRoles)),
    teams: z.array(idSchema).nullable().meta({
      description: 'For which the request acts: permissions and roles are those held in each. Null: the whole tenant.',
    }),
    environment: environmentSchema.nullable().meta({ description: 'That the key is bound to; null: all of them.' }),
  })
  .meta({ id: 'Whoami' })

export type Tenant = z.output<typeof tenantSchema>
export type ApiKey = z.output<typeof keySchema>
export type CreatedApiKey = z.output<typeof createdKeySchema>
export type Whoami = z.output<typeof whoamiSchema>
