import { z } from 'zod'
import { Secret } from '../secret.ts'

/** An application that is registered with an OpenID Connect provider. */
export interface OidcProvider {
  /** Part of its addresses here: `/auth/callback/<id>`. */
  id: string
  name: string
  issuer: string
  clientId: string
  clientSecret: Secret
}

export interface SignInConfig {
  /** Where browsers find the gateway; the address it listens on when absent. */
  publicUrl: string | undefined
  /** Who may sign up: people with an invitation, or everyone. */
  signUp: 'invited' | 'open'
  ownerEmail: string
  /** Failed ones, and those that send a mail, from one address. */
  attemptsPerMinute: number
  google: { clientId: string; clientSecret: Secret } | undefined
  oidc: OidcProvider[]
}

const schema = z.object({
  FREEHOLD_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .refine(
      (url) => URL.canParse(url) && new URL(url).origin === url.replace(/\/$/, ''),
      'must be an origin, such as https://freehold.example.com',
    )
    .transform((url) => new URL(url).origin)
    .optional(),
  FREEHOLD_SIGN_UP: z.enum(['invited', 'open']).default('invited'),
  FREEHOLD_OWNER_EMAIL: z.email().toLowerCase().default('owner@freehold.localhost'),
  FREEHOLD_SIGN_IN_ATTEMPTS_PER_MINUTE: z.coerce.number().int().min(1).max(1_000_000).default(30),
  FREEHOLD_GOOGLE_CLIENT_ID: z.string().optional(),
  FREEHOLD_GOOGLE_CLIENT_SECRET: z.string().optional(),
  FREEHOLD_OIDC_PROVIDERS: z.string().default(''),
})

/** Adds what is wrong to `problems`; undefined then. */
export function readSignInConfig(given: NodeJS.ProcessEnv, problems: string[]): SignInConfig | undefined {
  const parsed = schema.safeParse(given)
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
    return undefined
  }
  const read = parsed.data
  const { FREEHOLD_GOOGLE_CLIENT_ID: clientId, FREEHOLD_GOOGLE_CLIENT_SECRET: clientSecret } = read
  if (!clientId !== !clientSecret) {
    problems.push('FREEHOLD_GOOGLE_CLIENT_ID: needs FREEHOLD_GOOGLE_CLIENT_SECRET beside it, and the other way round')
  }
  return {
    publicUrl: read.FREEHOLD_PUBLIC_URL,
    signUp: read.FREEHOLD_SIGN_UP,
    ownerEmail: read.FREEHOLD_OWNER_EMAIL,
    attemptsPerMinute: read.FREEHOLD_SIGN_IN_ATTEMPTS_PER_MINUTE,
    google: clientId && clientSecret ? { clientId, clientSecret: new Secret(clientSecret) } : undefined,
    oidc: read.FREEHOLD_OIDC_PROVIDERS.split(',')
      .map((id) => id.trim())
      .filter(Boolean)
      .flatMap((id) => readProvider(id, given, problems) ?? []),
  }
}

function readProvider(id: string, given: NodeJS.ProcessEnv, problems: string[]): OidcProvider | undefined {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(id) || id === 'google' || id === 'credential') {
    problems.push(
      `FREEHOLD_OIDC_PROVIDERS: "${id}" can't be a name; use small letters, digits and hyphens, not "google"`,
    )
    return undefined
  }
  const prefix = `FREEHOLD_OIDC_${id.toUpperCase().replaceAll('-', '_')}_`
  const [issuer, clientId, secret] = ['ISSUER', 'CLIENT_ID', 'CLIENT_SECRET'].map((part) => {
    const value = given[prefix + part]
    if (!value) problems.push(`${prefix}${part}: the provider "${id}" of FREEHOLD_OIDC_PROVIDERS needs it`)
    return value ?? ''
  })
  if (!issuer || !clientId || !secret) return undefined
  if (!/^https?:$/.test(URL.canParse(issuer) ? new URL(issuer).protocol : '')) {
    problems.push(`${prefix}ISSUER: must be a URL, such as https://login.example.com`)
  }
  return { id, name: given[`${prefix}NAME`] ?? id, issuer, clientId, clientSecret: new Secret(secret) }
}
