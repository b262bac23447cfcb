import { z } from 'zod'
import { connectionSchema, putConnectionSchema } from './connections.ts'
import { byId, type Operation, page, pageQuery } from './operation.ts'
import { putSecretSchema, secretNameSchema, secretSchema } from './secrets.ts'

const byName = z.strictObject({ name: secretNameSchema })
/** Checked by the verb, which says what is wrong with a name that can't be. */
const byNewName = z.strictObject({ name: z.string() })

export const secretOperations = {
  putSecret: {
    method: 'put',
    path: '/secrets/{name}',
    summary: 'Create a secret or replace its value, which no answer ever shows',
    tag: 'secrets',
    permission: 'secrets:write',
    params: byNewName,
    body: putSecretSchema,
    status: 200,
    response: secretSchema,
  },
  listSecrets: {
    method: 'get',
    path: '/secrets',
    summary: 'List the secrets, by name; never their values',
    tag: 'secrets',
    permission: 'secrets:read',
    query: pageQuery,
    status: 200,
    response: page(secretSchema),
  },
  getSecret: {
    method: 'get',
    path: '/secrets/{name}',
    summary: 'Read when a secret was set and by whom; never its value',
    tag: 'secrets',
    permission: 'secrets:read',
    params: byName,
    status: 200,
    response: secretSchema,
  },
  deleteSecret: {
    method: 'delete',
    path: '/secrets/{name}',
    summary: 'Delete a secret and every version of its value',
    tag: 'secrets',
    permission: 'secrets:write',
    params: byName,
    status: 200,
    response: secretSchema,
  },
  putConnection: {
    method: 'put',
    path: '/connections/{name}',
    summary: 'Create or replace a connection: what a secret is for, and where its value may go',
    tag: 'connections',
    permission: 'connections:write',
    params: byNewName,
    body: putConnectionSchema,
    status: 200,
    response: connectionSchema,
  },
  listConnections: {
    method: 'get',
    path: '/connections',
    summary: 'List the connections, by name',
    tag: 'connections',
    permission: 'connections:read',
    query: pageQuery,
    status: 200,
    response: page(connectionSchema),
  },
  getConnection: {
    method: 'get',
    path: '/connections/{name}',
    summary: 'Read a connection',
    tag: 'connections',
    permission: 'connections:read',
    params: byName,
    status: 200,
    response: connectionSchema,
  },
  deleteConnection: {
    method: 'delete',
    path: '/connections/{name}',
    summary: 'Delete a connection; its secret stays',
    tag: 'connections',
    permission: 'connections:write',
    params: byName,
    status: 200,
    response: connectionSchema,
  },
  rotateDataKey: {
    method: 'post',
    path: '/tenants/{id}/rotate-data-key',
    summary: 'Encrypt the secrets of a tenant under a new data key; sent again, it goes on where it was cut off',
    tag: 'tenants',
    permission: 'platform:tenants:write',
    params: byId,
    status: 200,
    response: z.object({ secrets: z.int().meta({ description: 'Values that were encrypted anew.' }) }),
  },
  rewrapKeys: {
    method: 'post',
    path: '/master-key/rewrap',
    summary:
      'Put what the master key encrypts under the current one, for a page of tenants; goes with a change of the master key',
    tag: 'tenants',
    permission: 'platform:tenants:write',
    query: pageQuery,
    status: 200,
    response: z.object({
      tenants: z.int().meta({ description: 'Tenants of this page.' }),
      rewrapped: z.int().meta({ description: 'Keys and webhook secrets that were under the previous key.' }),
      nextCursor: z.string().nullable(),
    }),
  },
} as const satisfies Record<string, Operation>
