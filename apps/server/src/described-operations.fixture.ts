import type { OperationId } from '@freehold/contracts'
import { z } from 'zod'

/** An operation, as the OpenAPI document describes it. */
export interface Described {
  id: OperationId
  method: string
  path: string
  permission: string | undefined
  params: string[]
  query: string[]
  hasBody: boolean
}

const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        'x-permission': z.string().optional(),
        parameters: z.array(z.object({ name: z.string(), in: z.string() })).default([]),
        requestBody: z.object({ content: z.record(z.string(), z.unknown()) }).optional(),
      }),
    ),
  ),
})

export function describeOperations(document: unknown): Described[] {
  const { paths } = documentSchema.parse(document)
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      // The document is made from `operations`; the first test compares it with what the gateway serves.
      id: operation.operationId as OperationId,
      method: method.toUpperCase(),
      path,
      permission: operation['x-permission'],
      params: operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name),
      query: operation.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name),
      hasBody: operation.requestBody?.content['application/json'] !== undefined,
    })),
  )
}
