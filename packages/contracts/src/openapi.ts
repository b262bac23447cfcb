import { z } from 'zod'
import { createDocument, type ZodOpenApiPathsObject } from 'zod-openapi'
import { idempotencyKeySchema } from './idempotency.ts'
import type { Operation } from './operation.ts'
import { operations } from './operations.ts'
import { problemSchema } from './problem.ts'

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
})

const idempotencyHeader = z.object({
  'Idempotency-Key': idempotencyKeySchema.optional().meta({
    description:
      'A random name for this request. Sent again with the same key within 24 hours, the request answers with the first result instead of creating again.',
  }),
})

const bytes = (mediaType: string) => ({ [mediaType]: { schema: { type: 'string' as const, format: 'binary' } } })

function describeOperation(operationId: string, operation: Operation) {
  const success = {
    description: operation.summary,
    content: {
      ...(operation.download ? bytes(operation.download) : { 'application/json': { schema: operation.response } }),
      ...(operation.stream && { 'text/event-stream': { schema: { type: 'string' as const } } }),
    },
  }
  return {
    operationId,
    summary: operation.summary,
    tags: [operation.tag],
    ...(operation.permission && { 'x-permission': operation.permission }),
    requestParams: {
      ...(operation.params && { path: operation.params }),
      ...(operation.query && { query: operation.query }),
      ...(operation.idempotency && { header: idempotencyHeader }),
    },
    ...(operation.body && {
      requestBody: { required: true, content: { 'application/json': { schema: operation.body } } },
    }),
    ...(operation.upload && { requestBody: { required: true, content: bytes(operation.upload.mediaType) } }),
    responses: {
      [`${operation.status}`]: success,
      ...((operation.body || operation.upload || operation.query || operation.params) && {
        '400': problem('The request is not valid; `fields` names every problem'),
      }),
      '401': problem('Credentials are missing or not valid'),
      '403': problem('The credentials lack the permission, or the tenant is suspended'),
      ...(operation.params && { '404': problem('There is no such thing in this tenant') }),
      ...(operation.method !== 'get' && { '409': problem('The request conflicts with what exists') }),
      ...(operation.idempotency && { '422': problem('The Idempotency-Key was sent with another request') }),
      '429': problem('Too many requests; `Retry-After` says when to come back'),
      '503': problem('The service is not available right now'),
    },
  }
}

/** The OpenAPI 3.1 document of `/api/v1`, made from the operations. */
export function buildOpenApiDocument(version: string) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [operationId, operation] of Object.entries<Operation>(operations)) {
    const path = `/api/v1${operation.path}`
    paths[path] = { ...paths[path], [operation.method]: describeOperation(operationId, operation) }
  }
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Freehold',
      version,
      description: 'Runs AI agents for many tenants. Authenticate with `Authorization: Bearer <API key>`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }],
    components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
    paths: paths as ZodOpenApiPathsObject,
  })
}
