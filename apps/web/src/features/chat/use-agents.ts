'use client'

import { useApi } from '../../api/use-api.ts'

/** Those that can be talked to, among others. */
export function useAgents(enabled = true) {
  return useApi('listAgents', { query: { limit: 200 } }, { enabled })
}
