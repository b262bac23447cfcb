/** Of the services that `furnishTenant` registers. */
export const sampleContract = {
  kind: 'openapi',
  document: { openapi: '3.1.0', paths: { '/things': { get: { responses: { '200': { description: 'them' } } } } } },
} as const
