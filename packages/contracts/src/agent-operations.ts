import { z } from 'zod'
import {
  agentConfigSchema,
  agentNameSchema,
  agentSchema,
  agentSummarySchema,
  agentVersionSchema,
  createAgentSchema,
  toolSchema,
} from './agents.ts'
import { type Operation, page, pageQuery } from './operation.ts'

export const byName = z.strictObject({ name: agentNameSchema })

export const agentOperations = {
  createAgent: {
    method: 'post',
    path: '/agents',
    summary: 'Create an agent; its version 1 is released to every environment',
    tag: 'agents',
    permission: 'agents:write',
    body: createAgentSchema,
    status: 201,
    response: agentSchema,
    idempotency: 'tenant',
  },
  listAgents: {
    method: 'get',
    path: '/agents',
    summary: 'List the agents: the latest version of each, what serves where, who owns it and how it did lately',
    tag: 'agents',
    permission: 'agents:read',
    query: pageQuery,
    status: 200,
    response: page(agentSummarySchema),
  },
  getAgent: {
    method: 'get',
    path: '/agents/{name}',
    summary: 'Read the latest version of an agent and its releases',
    tag: 'agents',
    permission: 'agents:read',
    params: byName,
    status: 200,
    response: agentSchema,
  },
  createAgentVersion: {
    method: 'post',
    path: '/agents/{name}/versions',
    summary: 'Add a version to an agent; it serves nowhere until it is released',
    tag: 'agents',
    permission: 'agents:write',
    params: byName,
    body: agentConfigSchema,
    status: 201,
    response: agentVersionSchema,
    idempotency: 'tenant',
  },
  listAgentVersions: {
    method: 'get',
    path: '/agents/{name}/versions',
    summary: 'List the versions of an agent, newest first',
    tag: 'agents',
    permission: 'agents:read',
    params: byName,
    query: pageQuery,
    status: 200,
    response: page(agentVersionSchema),
  },
  listTools: {
    method: 'get',
    path: '/tools',
    summary: 'List the tools that an agent can be given',
    tag: 'agents',
    permission: 'agents:read',
    status: 200,
    response: z.object({ items: z.array(toolSchema) }),
  },
} as const satisfies Record<string, Operation>
