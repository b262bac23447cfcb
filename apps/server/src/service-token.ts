import {
  actorKinds,
  environmentSchema,
  FreeholdError,
  permissions,
  tenantPermissions,
  tenantRoles,
} from '@freehold/contracts'
import type { Identity } from '@freehold/core'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import type { ServerConfig } from './config.ts'
import { loadSharedFile } from './shared-file.ts'

const issuer = 'freehold-gateway'
const audience = 'freehold-api'
const lifetimeSeconds = 60

/** What the caller is in a team, or with `permissions`, what a key of it may do there. */
export const teamGrantSchema = z.object({
  id: z.string(),
  roles: z.array(z.enum(tenantRoles)),
  permissions: z.array(z.enum(tenantPermissions)).optional(),
})

const claimsSchema = z.object({
  actor: z.object({ kind: z.enum([...actorKinds, 'gateway']), id: z.string(), name: z.string() }),
  tenant: z.string().nullable(),
  permissions: z.array(z.enum(permissions)),
  // Absent where the other side is of the release before.
  roles: z.array(z.enum(tenantRoles)).default([]),
  teams: z.array(teamGrantSchema).default([]),
  environment: environmentSchema.nullable().default(null),
  keyId: z.string().nullable().default(null),
  requestId: z.string(),
  confined: z.boolean().default(false),
  /** That a browser asked, where it is none of the installation's own; only of the gateway. */
  host: z.string().max(253).optional(),
  /** Of the client, as the gateway saw it. */
  address: z.string().max(100).optional(),
})

/** What a service token says: who asks, on whose ground, what for, and as part of which request. */
export type ServiceClaims = z.output<typeof claimsSchema>

/** The gateway itself, asking who a key belongs to. */
export function gatewayClaims(requestId: string, address?: string, host?: string): ServiceClaims {
  return {
    actor: { kind: 'gateway', id: 'gateway', name: 'gateway' },
    tenant: null,
    permissions: [],
    roles: [],
    teams: [],
    environment: null,
    keyId: null,
    confined: false,
    requestId,
    address,
    host,
  }
}

export function claimsOf(identity: Identity, requestId: string, address: string): ServiceClaims {
  const { actor, tenantId, permissions, roles, teams, keyId, environment, confined = false } = identity
  return { actor, tenant: tenantId, permissions, roles, teams, keyId, environment, confined, requestId, address }
}

export type MintToken = (claims: ServiceClaims) => Promise<string>
export type VerifyToken = (token: string) => Promise<ServiceClaims>

/** Signs service tokens (Ed25519, 60 s) with the gateway's private key. */
export async function createMinter(config: ServerConfig): Promise<MintToken> {
  const jwk = config.serviceKey ? parseJwk(config.serviceKey.reveal()) : (await loadKeyFile(config.dataDir)).privateKey
  const key = await importJWK(jwk, 'EdDSA')
  return (claims) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${lifetimeSeconds}s`)
      .sign(key)
}

/** Verifies service tokens; throws `unauthenticated` for anything that the gateway did not sign just now. */
export async function createVerifier(config: ServerConfig): Promise<VerifyToken> {
  const key = await importJWK(await findPublicKey(config), 'EdDSA')
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, key, {
        issuer,
        audience,
        algorithms: ['EdDSA'],
        maxTokenAge: '120s',
        requiredClaims: ['exp', 'iat'],
      })
      return claimsSchema.parse(payload)
    } catch (error) {
      throw new FreeholdError('unauthenticated', 'The api accepts requests from the gateway only.', { cause: error })
    }
  }
}

async function findPublicKey({ servicePublicKey, serviceKey, dataDir }: ServerConfig): Promise<JWK> {
  if (servicePublicKey) return parseJwk(servicePublicKey)
  if (!serviceKey) return (await loadKeyFile(dataDir)).publicKey
  // The private JWK without `d` is its public half (RFC 8037, section 2).
  const { d: _, ...publicKey } = parseJwk(serviceKey.reveal())
  return publicKey
}

interface ServiceKeys {
  privateKey: JWK
  publicKey: JWK
}

export async function generateServiceKeys(): Promise<ServiceKeys> {
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const publicKey = await exportJWK(pair.publicKey)
  const kid = await calculateJwkThumbprint(publicKey)
  return { privateKey: { ...(await exportJWK(pair.privateKey)), kid }, publicKey: { ...publicKey, kid } }
}

/** Targets on one machine share the key pair through the data folder. */
async function loadKeyFile(dataDir: string): Promise<ServiceKeys> {
  const text = await loadSharedFile(dataDir, 'service-key.json', async () =>
    JSON.stringify(await generateServiceKeys()),
  )
  return JSON.parse(text) as ServiceKeys
}

function parseJwk(text: string): JWK {
  try {
    return JSON.parse(text) as JWK
  } catch {
    throw new Error('FREEHOLD_SERVICE_KEY and FREEHOLD_SERVICE_PUBLIC_KEY must be JWKs; make them with "keygen".')
  }
}
