import { checkTarget } from './check-target.ts'
import { EgressError } from './egress-error.ts'
import type { EgressRule } from './egress-rules.ts'

/**
 * Why the guard would send nothing to a URL, as far as that can be told without asking DNS: of an address, and of names for
 * this machine (RFC 6761, section 6.3). Undefined when it may; each request is checked again, with what its name resolves to.
 */
export async function findRefusal(url: string, operatorAllow: readonly EgressRule[]): Promise<string | undefined> {
  const resolve = async (host: string) => (/(^|\.)localhost$/.test(host) ? ['127.0.0.1'] : [])
  const policy = { operatorAllow, tenantAllowedHosts: null, resolve }
  try {
    await checkTarget(new URL(url), policy, new AbortController().signal)
    return undefined
  } catch (error) {
    if (!(error instanceof EgressError)) throw error
    return error.code === 'unresolved' ? undefined : error.message
  }
}
