import { createHash, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { signInAtProvider } from '@freehold/testkit'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import Provider from 'oidc-provider'
import { z } from 'zod'

const redirectUri = 'https://client.example.com/callback'
const client = { client_id: 'dashboard', client_secret: randomBytes(32).toString('hex') }

export interface SignedIn {
  accessToken: string
  idToken: string
}

/** What the provider says of everyone who signs in there, beside who they are. */
export interface TestProviderOptions {
  audience: string
  claims?: Record<string, unknown>
}

export interface TestProvider extends AsyncDisposable {
  issuer: string
  /** What it signs with at the moment. */
  signingKey(): JWK
  /** From now on it signs with another key, and publishes only that. */
  rotate(): Promise<void>
  /** Signs a person in, as a browser and a client would, and returns their tokens. */
  signIn(login: string): Promise<SignedIn>
  /** Stops answering. The port stays taken. */
  leave(): void
}

/** A real OpenID Connect provider on this machine. */
export async function startOidcProvider({ audience, claims = {} }: TestProviderOptions): Promise<TestProvider> {
  let [handle, signingKey] = [(_, response) => response.destroy(), await generateSigningKey()] as [RequestListener, JWK]
  const server = createServer((request, response) => handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const answer = () => {
    handle = configure(issuer, signingKey, { audience, claims }).callback()
  }
  answer()
  return {
    issuer,
    signingKey: () => signingKey,
    async rotate() {
      signingKey = await generateSigningKey()
      answer()
    },
    signIn: (login) => signIn(issuer, audience, login),
    leave() {
      handle = (_, response) => response.destroy()
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export async function generateSigningKey(alg = 'RS256'): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { ...jwk, alg, use: 'sig', kid: await calculateJwkThumbprint(jwk) }
}

function configure(issuer: string, signingKey: JWK, { audience, claims }: Required<TestProviderOptions>): Provider {
  return new Provider(issuer, {
    clients: [{ ...client, redirect_uris: [redirectUri], grant_types: ['authorization_code'] }],
    jwks: { keys: [{ ...signingKey, kty: 'RSA' }] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    ttl: { AccessToken: 3_600, IdToken: 3_600, Interaction: 600, Session: 600, Grant: 600 },
    conformIdTokenClaims: false,
    extraTokenClaims: (_, token) => ('accountId' in token ? { ...describe(token.accountId), ...claims } : {}),
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId, ...describe(accountId) }) }),
    features: {
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope: 'openid email profile', audience, accessTokenFormat: 'jwt' }),
      },
    },
  })
}

const describe = (login: string | undefined) => ({ email: `${login}@example.com`, email_verified: true, name: login })

const tokensSchema = z.object({ access_token: z.string(), id_token: z.string() })

/** The authorization code flow with PKCE (RFC 7636), through the provider's own forms for signing in and consenting. */
async function signIn(issuer: string, audience: string, login: string): Promise<SignedIn> {
  const verifier = randomBytes(32).toString('base64url')
  const code_challenge = createHash('sha256').update(verifier).digest('base64url')
  const asked = { client_id: client.client_id, redirect_uri: redirectUri, response_type: 'code', resource: audience }
  const scope = { scope: 'openid email profile', code_challenge, code_challenge_method: 'S256' }
  const authorizationUrl = `${issuer}/auth?${new URLSearchParams({ ...asked, ...scope })}`
  const callback = new URL(await signInAtProvider(authorizationUrl, login))
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client.client_id}:${client.client_secret}`)}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: callback.searchParams.get('code') ?? '',
      code_verifier: verifier,
      redirect_uri: redirectUri,
      resource: audience,
    }),
  })
  const tokens = tokensSchema.parse(await response.json())
  return { accessToken: tokens.access_token, idToken: tokens.id_token }
}
