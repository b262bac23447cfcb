import type { Environment } from '@freehold/contracts'

/** In the order in which a version goes through them. */
export const environments = ['development', 'staging', 'production'] as const satisfies readonly Environment[]

/** The one that a version has to have served in before; undefined for the first. */
export function environmentBefore(environment: Environment): Environment | undefined {
  return environments[environments.indexOf(environment) - 1]
}
