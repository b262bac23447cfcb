/** What a tenant can be named: it stands in addresses, such as `/t/acme`. Tenants from before may be named otherwise. */
export const tenantNamePattern = /^[a-z0-9][a-z0-9\-]{0,62}$/v // as a field's `pattern` is read

export const tenantNameHint =
  'use lower-case letters, digits and hyphens, such as "acme" (63 at most): it stands in addresses'
