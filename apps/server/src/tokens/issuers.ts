import { tenantRoles } from '@freehold/contracts'
import { z } from 'zod'

/** Only asymmetric ones: with these an issuer's published key can verify a token and never make one. */
const acceptedAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

const httpsUrl = z.string().superRefine((text, context) => {
  const problem = findUrlProblem(text)
  if (problem) context.addIssue({ code: 'custom', message: problem })
})

/** A claim's name, else a path with dots; a list of names is always a path. */
const claimSchema = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)])

const listOf = <T extends z.ZodType>(item: T) => z.union([item.transform((one) => [one]), z.array(item).min(1)])

const roleSchema = z.enum(tenantRoles)
const tenantName = z.string().min(1)

const issuerSchema = z
  .strictObject({
    issuer: httpsUrl,
    audience: listOf(z.string().min(1)),
    jwksUrl: httpsUrl.optional(),
    algorithms: z
      .array(z.enum(acceptedAlgorithms, `must be asymmetric: ${acceptedAlgorithms.join(', ')}`))
      .min(1)
      .default([...acceptedAlgorithms]),
    claims: z
      .strictObject({
        email: claimSchema.default('email'),
        emailVerified: claimSchema.default('email_verified'),
        name: claimSchema.default('name'),
        tenant: claimSchema.optional(),
        roles: claimSchema.optional(),
      })
      .prefault({}),
    emailsAreVerified: z.boolean().default(false),
    tenant: tenantName.optional(),
    tenants: z.union([z.literal('any'), z.array(tenantName).min(1), z.record(z.string(), tenantName)]).optional(),
    rolesMap: z.record(z.string(), listOf(roleSchema)).optional(),
    defaultRoles: z.array(roleSchema).min(1).optional(),
    ownerFromClaim: z.boolean().default(false),
  })
  .superRefine((issuer, context) => {
    for (const [path, message] of findMappingProblems(issuer))
      context.addIssue({ code: 'custom', path: [path], message })
  })

const issuersSchema = z.array(issuerSchema).superRefine((issuers, context) => {
  for (const [index, { issuer }] of issuers.entries()) {
    if (issuers.findIndex((other) => other.issuer === issuer) < index) {
      context.addIssue({ code: 'custom', path: [index, 'issuer'], message: 'is listed twice; give one all audiences' })
    }
  }
})

/** Whose tokens are accepted, on which terms, and what their claims mean here. `docs/tokens.md` explains each field. */
export type Issuer = z.output<typeof issuerSchema>
export type ClaimPath = z.output<typeof claimSchema>

/** Reads the list of issuers from JSON. Throws one `Error` for each problem that it has. */
export function parseIssuers(json: string): Issuer[] {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw new AggregateError([new Error('must be JSON: a list of issuers')])
  }
  const parsed = issuersSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new AggregateError(
    parsed.error.issues.map(({ path, message }) => new Error([path.join('.'), message].filter(Boolean).join(': '))),
  )
}

/** What keeps a URL from being trusted to deliver keys: anyone on the way could change what comes in the clear. */
export function findUrlProblem(text: string): string | undefined {
  const url = URL.parse(text)
  if (!url) return 'must be a URL'
  if (url.username || url.password || url.search || url.hash) return 'must have no user, query or fragment'
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return undefined
  return 'must begin with https:// (http:// is only for this machine)'
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

type Mapping = Pick<Issuer, 'claims' | 'tenant' | 'tenants' | 'rolesMap' | 'defaultRoles' | 'ownerFromClaim'>

function findMappingProblems(issuer: Mapping): [field: string, message: string][] {
  const { claims, tenant, tenants, rolesMap, defaultRoles, ownerFromClaim } = issuer
  const [oneTenant, namesTenants] = [tenant !== undefined, claims.tenant !== undefined]
  const mapsTenants = oneTenant || namesTenants
  const mapsRoles = claims.roles !== undefined || defaultRoles !== undefined
  const makesOwners = [...Object.values(rolesMap ?? {}).flat(), ...(defaultRoles ?? [])].includes('owner')
  const rules: [broken: boolean, field: string, message: string][] = [
    [oneTenant && namesTenants, 'tenant', 'is for an issuer of one tenant; give it or claims.tenant, not both'],
    [namesTenants && !tenants, 'tenants', 'list the tenants that claims.tenant may name, or say "any"'],
    [!namesTenants && tenants !== undefined, 'tenants', 'needs claims.tenant'],
    [mapsTenants && !mapsRoles, 'claims.roles', 'give it or defaultRoles, else nobody has a role'],
    [mapsRoles && !mapsTenants, 'claims.tenant', 'give it or tenant: a role is one in a tenant'],
    [rolesMap !== undefined && !claims.roles, 'rolesMap', 'needs claims.roles'],
    [makesOwners && !ownerFromClaim, 'ownerFromClaim', 'must be true for an issuer that makes owners'],
  ]
  return rules.filter(([broken]) => broken).map(([, field, message]) => [field, message])
}
