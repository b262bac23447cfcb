import { type AgentLimits, agentLimitsSchema } from '@freehold/contracts'

/** Reads the limits of a stored version. What a newer release added to it is left out, so that it still runs here. */
export function parseStoredLimits(stored: unknown): AgentLimits {
  return agentLimitsSchema.strip().parse(stored)
}
