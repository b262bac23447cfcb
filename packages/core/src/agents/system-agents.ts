/** What the names of the platform's own agents are like in SQL. No agent of a tenant has a colon in its name. */
export const systemAgents = 'system:%'

/** Whether an agent works for the platform itself, so that nobody else can start its runs. */
export function isSystemAgent(name: string): boolean {
  return name.startsWith('system:')
}
