import { saveTenant } from '../connection/save-tenant.ts'
import { CliError } from '../failure.ts'

/** Writes the first key of a tenant into the credentials file; false when there is none. */
export async function keepKey(
  path: string | undefined,
  { id, name, apiKey }: { id: string; name: string; apiKey: string },
): Promise<boolean> {
  if (path === undefined) return false
  try {
    await saveTenant(path, name, { id, apiKey })
    return true
  } catch (error) {
    const message = `The tenant exists, but ${path} can't be written: ${String(error)}. Its key, shown this once: ${apiKey}`
    throw new CliError(message, 1, error)
  }
}
