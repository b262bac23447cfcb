import { agentSamples } from '@freehold/core'

export const sampleTenants = ['acme', 'globex'] as const

/** What each sample tenant can run at once; the README's first commands use them. */
export const sampleAgents = [agentSamples.assistant, agentSamples.planner].map(({ name, config }) => ({
  name,
  ...config,
}))
