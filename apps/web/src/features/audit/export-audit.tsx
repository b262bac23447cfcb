'use client'

import { useState } from 'react'
import { type Session, useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { saveFile } from '../../ui/save-file.ts'
import { notify } from '../../ui/toast.tsx'

const entriesAtOnce = 1_000

/** Saves the whole chain as `docs/audit.md` has it, so that others can verify it. */
export function ExportAudit() {
  const session = useSession()
  const [busy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    try {
      const lines = (await readChain(session)).map((line) => `${JSON.stringify(line)}\n`)
      saveFile(`audit-${session.tenant}.jsonl`, 'application/jsonl', lines)
    } catch (error) {
      notify.failed(error)
    }
    setBusy(false)
  }
  return (
    <Button busy={busy} onClick={() => void save()}>
      Export
    </Button>
  )
}

async function readChain({ client, me }: Session): Promise<object[]> {
  // The anchors first, so that none reaches further than the entries.
  const { publicKey, items: anchors } = await client.listAuditAnchors()
  const header = {
    type: 'header',
    format: 'freehold-audit/1',
    tenantId: me.tenant?.id,
    exportedAt: new Date(),
    publicKey,
  }
  const entries: object[] = []
  for (let after = 0; ; ) {
    const { items } = await client.exportAudit({ query: { after, limit: entriesAtOnce } })
    entries.push(...items.map((entry) => ({ type: 'entry', entry })))
    if (items.length < entriesAtOnce) break
    after = items.at(-1)?.seq ?? after
  }
  return [header, ...entries, ...anchors.map((anchor) => ({ type: 'anchor', anchor }))]
}
