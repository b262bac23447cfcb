import { z } from 'zod'
import { environmentSchema } from './environments.ts'
import { evaluateFlagSchema, flagEvaluationSchema, flagSchema, putFlagSchema } from './flags.ts'
import { type Operation, page, pageQuery } from './operation.ts'
import { secretNameSchema } from './secrets.ts'

const byName = z.strictObject({ name: secretNameSchema })
/** Checked by the verb, which says what is wrong with a name that can't be. */
const byNewName = z.strictObject({ name: z.string() })
const inEnvironment = z.strictObject({ environment: environmentSchema.default('production') })

export const flagOperations = {
  putFlag: {
    method: 'put',
    path: '/flags/{name}',
    summary: 'Create or replace a feature flag of an environment',
    tag: 'flags',
    permission: 'flags:write',
    params: byNewName,
    query: inEnvironment,
    body: putFlagSchema,
    status: 200,
    response: flagSchema,
  },
  listFlags: {
    method: 'get',
    path: '/flags',
    summary: 'List the feature flags of an environment, by name',
    tag: 'flags',
    permission: 'flags:read',
    query: pageQuery.extend(inEnvironment.shape),
    status: 200,
    response: page(flagSchema),
  },
  getFlag: {
    method: 'get',
    path: '/flags/{name}',
    summary: 'Read a feature flag',
    tag: 'flags',
    permission: 'flags:read',
    params: byName,
    query: inEnvironment,
    status: 200,
    response: flagSchema,
  },
  deleteFlag: {
    method: 'delete',
    path: '/flags/{name}',
    summary: 'Delete a feature flag; programs fall back to what they do without it',
    tag: 'flags',
    permission: 'flags:write',
    params: byName,
    query: inEnvironment,
    status: 200,
    response: flagSchema,
  },
  evaluateFlag: {
    method: 'post',
    path: '/flags/{name}/evaluate',
    summary: 'What a feature flag says to a targeting key with some attributes',
    tag: 'flags',
    permission: 'flags:read',
    params: byName,
    query: inEnvironment,
    body: evaluateFlagSchema,
    status: 200,
    response: flagEvaluationSchema,
  },
} as const satisfies Record<string, Operation>
