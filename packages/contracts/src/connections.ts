import { z } from 'zod'
import { secretNameSchema } from './secrets.ts'

export const httpUrlSchema = z
  .url({ protocol: /^https?$/, error: 'use an http(s) URL' })
  .max(2000)
  .refine((text) => {
    const url = URL.parse(text)
    return url === null || (url.username === '' && url.password === '')
  }, 'leave user name and password out: the secret is the credential')

/** `https://api.example.com`: the value is sent to this scheme, host and port, and nowhere else. */
const originSchema = httpUrlSchema
  .refine((text) => {
    const url = URL.parse(text)
    return url === null || (url.pathname === '/' && url.search === '' && url.hash === '')
  }, 'give scheme and host only, such as "https://api.example.com"')
  .transform((text) => new URL(text).origin)

// They go along when a redirect leads to another host, or belong to the connection itself.
const reservedHeaders: ReadonlySet<string> = new Set([
  ...[
    'accept',
    'accept-language',
    'accept-encoding',
    'content-type',
    'content-length',
    'user-agent',
    'idempotency-key',
  ],
  ...['host', 'connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te'],
  ...['trailer', 'transfer-encoding', 'upgrade', 'expect'],
])

const headerSchema = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, 'use the name of an HTTP header, such as "authorization"')
  .transform((name) => name.toLowerCase())
  .refine((name) => !reservedHeaders.has(name), 'this header can not carry a secret; use another one')

const modelProviderShape = {
  kind: z.literal('model_provider'),
  secret: secretNameSchema,
  /** What stands before the slash in a model name: `openai`, `anthropic`, or a name for a server of your own. */
  provider: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and hyphens (63 at most)')
    .refine((name) => name !== 'demo' && name !== 'default', 'this name is taken'),
  /** Of an OpenAI-compatible server, or instead of the provider's own. */
  baseUrl: httpUrlSchema.nullable(),
}

const httpShape = {
  kind: z.literal('http'),
  secret: secretNameSchema,
  origin: originSchema,
  header: headerSchema,
  /** Stands before the value: `Bearer ` by default with `authorization`. */
  prefix: z
    .string()
    .max(64)
    .regex(/^[ -~]*$/, 'use printable ASCII characters'),
}

export const putConnectionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...modelProviderShape, baseUrl: modelProviderShape.baseUrl.default(null) }),
  z.strictObject({
    ...httpShape,
    header: headerSchema.prefault('authorization'),
    prefix: httpShape.prefix.optional(),
  }),
])

const commonShape = {
  name: z.string(),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
}

export const connectionSchema = z
  .discriminatedUnion('kind', [
    z.object({
      ...commonShape,
      ...modelProviderShape,
      provider: z.string(),
      baseUrl: z.string().nullable(),
    }),
    z.object({ ...commonShape, ...httpShape, origin: z.string(), header: z.string() }),
  ])
  .meta({ id: 'Connection', description: 'What a secret is for, and where its value may go.' })

export type PutConnection = z.output<typeof putConnectionSchema>
export type Connection = z.output<typeof connectionSchema>
