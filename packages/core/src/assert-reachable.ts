import type { TenantCaller } from './identity/caller.ts'
import { invalidField } from './invalid-field.ts'

/** Refuses a URL to which nothing would be sent. */
export async function assertReachable({ platform }: TenantCaller, field: string, url: string): Promise<void> {
  const refusal = await platform.findRefusal(url)
  if (refusal !== undefined) throw invalidField(field, refusal)
}
