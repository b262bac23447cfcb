import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { isObject, parseObject, type TenantAccess } from './credentials.ts'

const attempts = 100
const retryMs = 20

/** Adds a tenant to a credentials file. */
export function saveTenant(path: string, name: string, access: TenantAccess): Promise<void> {
  return changeTenants(path, (tenants) => ({ ...tenants, [name]: access }))
}

/** Takes a tenant out of a credentials file, under whatever name it is there. */
export function forgetTenant(path: string, id: string): Promise<void> {
  return changeTenants(path, (tenants) =>
    Object.fromEntries(Object.entries(tenants).filter(([, access]) => !isObject(access) || access.id !== id)),
  )
}

/**
 * Changes the tenants of a credentials file and keeps everything else in it. Readers see the old file or the new one. The
 * draft is the lock too: it can be created once, and becoming the file releases it.
 */
async function changeTenants(
  path: string,
  change: (tenants: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  const draft = `${path}.new`
  const file = await createDraft(draft)
  try {
    const content = parseObject(await readFile(path, 'utf8'), path)
    const tenants = change(isObject(content.tenants) ? content.tenants : {})
    await file.writeFile(`${JSON.stringify({ ...content, tenants }, null, 2)}\n`)
    await file.sync()
    await file.close()
    await rename(draft, path)
  } catch (error) {
    await file.close().catch(() => undefined)
    await rm(draft, { force: true })
    throw error
  }
}

/** Waits for another command that is writing. One that died long ago doesn't count. */
async function createDraft(draft: string): Promise<FileHandle> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await open(draft, 'wx', 0o600)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      if (attempt % attempts === 0) await rm(draft, { force: true })
      else await wait(retryMs)
    }
  }
}
