import { type TenantRole, tenantRoles } from '@freehold/contracts'
import type { VouchedPerson } from '@freehold/core'
import type { JWTPayload } from 'jose'
import type { ClaimPath, Issuer } from './issuers.ts'

const maxEmailLength = 320
const maxNameLength = 200

/** Who a verified token is about. Whatever the claims say, they stay within what the issuer is trusted with. */
export function readPerson(issuer: Issuer, subject: string, payload: JWTPayload): VouchedPerson {
  const { claims } = issuer
  const email = readText(payload, claims.email, maxEmailLength)
  const verified = readClaim(payload, claims.emailVerified)
  const memberships = readMemberships(issuer, payload)
  return {
    issuer: issuer.issuer,
    subject,
    email,
    emailVerified: email !== null && (issuer.emailsAreVerified || verified === true || verified === 'true'),
    name: readText(payload, claims.name, maxNameLength),
    ...(memberships && { memberships }),
  }
}

function readMemberships(issuer: Issuer, payload: JWTPayload): VouchedPerson['memberships'] {
  const { claims, tenant } = issuer
  if (tenant === undefined && claims.tenant === undefined) return undefined
  const roles = readRoles(issuer, payload)
  if (roles.length === 0) return []
  const named =
    claims.tenant === undefined ? [] : readList(payload, claims.tenant).flatMap((it) => findTenant(issuer, it))
  return [...new Set(tenant === undefined ? named : [tenant])].map((name) => ({ tenant: name, roles }))
}

/** The tenant that a value of the claim stands for, if this issuer may speak for it. */
function findTenant({ tenants }: Issuer, value: string): string[] {
  if (tenants === 'any') return [value]
  if (Array.isArray(tenants)) return tenants.includes(value) ? [value] : []
  const name = lookUp(tenants, value)
  return name === undefined ? [] : [name]
}

function readRoles({ claims, rolesMap, defaultRoles, ownerFromClaim }: Issuer, payload: JWTPayload): TenantRole[] {
  const values = claims.roles === undefined ? [] : readList(payload, claims.roles)
  const said = new Set<string>(rolesMap ? values.flatMap((value) => lookUp(rolesMap, value) ?? []) : values)
  const roles = tenantRoles.filter((role) => said.has(role) && (role !== 'owner' || ownerFromClaim))
  return roles.length > 0 ? roles : [...(defaultRoles ?? [])]
}

function readText(payload: JWTPayload, path: ClaimPath, maxLength: number): string | null {
  const value = readClaim(payload, path)
  if (typeof value !== 'string') return null
  const text = value.trim()
  return text === '' || text.length > maxLength ? null : text
}

function readList(payload: JWTPayload, path: ClaimPath): string[] {
  const value = readClaim(payload, path)
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** A name such as `https://example.com/roles` has dots of its own, so the whole name goes before the path. */
function readClaim(payload: JWTPayload, path: ClaimPath): unknown {
  if (typeof path === 'string' && Object.hasOwn(payload, path)) return payload[path]
  const names = typeof path === 'string' ? path.split('.') : path
  return names.reduce<unknown>((value, name) => lookUp(value, name), payload)
}

/** Only what the object has itself: a token must not reach what every object inherits. */
function lookUp<T>(value: Record<string, T> | undefined, name: string): T | undefined
function lookUp(value: unknown, name: string): unknown
function lookUp(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name]
}
