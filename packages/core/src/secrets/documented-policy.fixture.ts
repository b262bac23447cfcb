import { readFile } from 'node:fs/promises'

/** The policy that docs/secrets.md gives for an engine of OpenBao, by its mount: what an operator's token may do. */
export async function readDocumentedPolicy(mount: string): Promise<string> {
  const page = await readFile(new URL('../../../../docs/secrets.md', import.meta.url), 'utf8')
  const policies = [...page.matchAll(/```hcl\n(.*?)```/gs)].map(([, policy = '']) => policy)
  const policy = policies.find((text) => text.includes(`path "${mount}/`))
  if (policy === undefined) throw new Error(`docs/secrets.md has no policy for the mount ${mount}`)
  return policy
}
