import type { Tool } from '@freehold/contracts'
import { authorize, type Caller } from '../identity/caller.ts'

/** The tools that an agent can be given here. */
export async function listTools(caller: Caller): Promise<{ items: Tool[] }> {
  authorize(caller, 'agents:read')
  return { items: [...caller.platform.catalogue.tools] }
}
