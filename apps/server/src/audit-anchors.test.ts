import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFolderObjects } from '@freehold/core'
import { expect, test } from 'vitest'
import { loadAnchors } from './audit-anchors.ts'

test('an anchor after a line that a crash cut off is a line of its own', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'freehold-anchors-'))
  try {
    const objects = createFolderObjects(join(dataDir, 'objects'))
    const { store } = await loadAnchors({ dataDir, auditArchive: undefined }, objects)
    expect(await store.read('tenant')).toEqual([])
    await store.append('tenant', '{"seq":1}')
    await appendFile(join(dataDir, 'audit-anchors', 'tenant.jsonl'), '{"seq":2,"ha')
    await store.append('tenant', '{"seq":2}')
    await store.append('tenant', '{"seq":3}')
    expect(await store.read('tenant')).toEqual(['{"seq":1}', '{"seq":2,"ha', '{"seq":2}', '{"seq":3}'])
  } finally {
    await rm(dataDir, { recursive: true })
  }
})
