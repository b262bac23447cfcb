import { createAgentSchema } from '@freehold/contracts'

export const sampleTenants = ['acme', 'globex'] as const

/** What each sample tenant can run at once; the README's first commands use them. */
export const sampleAgents = [
  createAgentSchema.parse({
    name: 'assistant',
    description: 'Answers, calculates, tells the time, reads web pages and asks other agents.',
    prompts: { system: 'You are a helpful assistant. Use your tools where they help, and answer in a few sentences.' },
    tools: ['calculate', 'current_time', 'http_request', 'delegate'],
  }),
  createAgentSchema.parse({
    name: 'planner',
    description: 'A LangGraph graph: plans, chooses a route, then answers with or without tools.',
    program: 'graph',
    prompts: { system: 'You are a helpful assistant. Answer in a few sentences.' },
    tools: ['calculate', 'current_time'],
  }),
]
