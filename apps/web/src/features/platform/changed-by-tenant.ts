/** What a change of a tenant makes untrue. */
export const changedByTenant = ['listTenantHealth'] as const
