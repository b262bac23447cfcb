import { z } from 'zod'
import { agentNameSchema } from './agents.ts'
import { httpUrlSchema } from './connections.ts'
import { environmentSchema } from './environments.ts'
import { requestsPerSecondSchema } from './limits.ts'
import { secretNameSchema } from './secrets.ts'

/** The first segment of its path: `orders` is called at `/api/v1/orders/…`. */
export const serviceNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and hyphens (63 at most)')

const upstreamUrlSchema = httpUrlSchema.refine((text) => {
  const url = URL.parse(text)
  return url === null || (url.search === '' && url.hash === '')
}, 'leave query and fragment out: each call brings its own')

const serverShape = {
  url: upstreamUrlSchema,
  /** The name of a connection of the kind `http`, whose credential goes along; for the host of that connection only. */
  connection: secretNameSchema.nullable().default(null),
}

/** Where the calls of one environment go. */
export const upstreamSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('http'), ...serverShape }),
    z.strictObject({ kind: z.literal('agent'), agent: agentNameSchema }),
    z.strictObject({ kind: z.literal('mcp'), ...serverShape }),
  ])
  .meta({ description: '`mcp` is a server of the Streamable HTTP transport.' })
export type Upstream = z.output<typeof upstreamSchema>

const openApiSchema = z.looseObject({
  openapi: z.string().regex(/^3\.\d+(\.\d+)?/, 'give an OpenAPI 3 document'),
  paths: z.record(z.string(), z.looseObject({})).default({}),
})

const agentCardSchema = z.looseObject({
  name: z.string().min(1),
  skills: z.array(z.looseObject({ id: z.string().min(1) })),
})

/** What callers can rely on. */
export const contractSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('openapi'), document: openApiSchema }),
  z.strictObject({ kind: z.literal('agent_card'), document: agentCardSchema }),
])
export type Contract = z.output<typeof contractSchema>

export const putServiceSchema = z.strictObject({
  description: z.string().max(1000).default(''),
  contract: contractSchema.nullable().default(null),
  environments: z.partialRecord(environmentSchema, upstreamSchema).default({}),
  /** Until the answer begins, and in its pauses. */
  timeoutMs: z.int().min(100).max(300_000).default(30_000),
  limits: z
    .strictObject({
      /** Of all its callers together; null: none beside those of the callers. */
      requestsPerSecond: requestsPerSecondSchema.nullable().default(null),
    })
    .prefault({}),
  /** Accept a contract that breaks consumers. Needs `services:force`. */
  force: z.boolean().default(false),
})
export type PutService = z.output<typeof putServiceSchema>

const summaryShape = {
  name: z.string(),
  description: z.string(),
  environments: z.partialRecord(environmentSchema, upstreamSchema),
  timeoutMs: z.int(),
  limits: z.object({ requestsPerSecond: z.number().nullable() }),
  teamId: z.string().nullable().meta({ description: 'The team that owns it; null: the tenant as a whole.' }),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
}

export const serviceSummarySchema = z
  .object({ ...summaryShape, contract: z.enum(['openapi', 'agent_card']).nullable() })
  .meta({ id: 'ServiceSummary' })
export type ServiceSummary = z.output<typeof serviceSummarySchema>

export const serviceSchema = z
  .object({
    ...summaryShape,
    contract: z
      .object({ kind: z.enum(['openapi', 'agent_card']), document: z.record(z.string(), z.unknown()) })
      .nullable(),
  })
  .meta({ id: 'Service', description: 'What is called at `/api/v1/{name}/…`, by the environment of the caller.' })
export type Service = z.output<typeof serviceSchema>

/** The name of a team, of an agent, or whatever it is known by. */
export const consumerNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'use letters, digits, ".", "_" and "-" (63 at most)')

export const contractUseSchema = z.union([
  z.strictObject({
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']),
    /** As the contract has it, such as `/orders/{id}`. */
    path: z.string().min(1).max(1000),
    /** Fields of the answer, dotted, without the items of lists: `orders.total`. All of them when absent. */
    fields: z.array(z.string().min(1).max(500)).max(500).optional(),
  }),
  z.strictObject({ skill: z.string().min(1).max(200) }),
])
export type ContractUse = z.output<typeof contractUseSchema>

export const putConsumerSchema = z.strictObject({
  /** What it relies on. */
  uses: z.array(contractUseSchema).min(1).max(200),
})
export type PutConsumer = z.output<typeof putConsumerSchema>

export const serviceConsumerSchema = z
  .object({
    service: z.string(),
    consumer: z.string(),
    uses: z.array(contractUseSchema),
    teamId: z.string().nullable().meta({ description: 'The team that registered it.' }),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'ServiceConsumer' })
export type ServiceConsumer = z.output<typeof serviceConsumerSchema>

export const checkContractSchema = z.strictObject({ contract: contractSchema.nullable() })

export const contractCheckSchema = z
  .object({
    breaks: z.array(
      z.object({
        consumer: z.string(),
        at: z.string().meta({ description: 'An operation or a skill.' }),
        message: z.string(),
      }),
    ),
  })
  .meta({ id: 'ContractCheck', description: 'What a contract in place of the present one would break, and for whom.' })
export type ContractCheck = z.output<typeof contractCheckSchema>
