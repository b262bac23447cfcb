'use client'

import type { Run } from '@freehold/contracts'
import { useState } from 'react'
import { useApi } from '../../api/use-api.ts'
import { Button } from '../../ui/button.tsx'
import { Code } from '../../ui/code.tsx'
import { Answered } from '../../ui/listing.tsx'
import { Skeleton } from '../../ui/page.tsx'

const limit = 200

/** The journal as it is stored, a line for each event. */
export function JournalPane({ run }: { run: Run }) {
  const [after, setAfter] = useState(0)
  const events = useApi('listRunEvents', { params: { id: run.id }, query: { after, limit } })
  return (
    <Answered answer={events} skeleton={<Skeleton className="h-40" />}>
      {({ items }) => (
        <div className="flex flex-col gap-3">
          <Code text={items.map((event) => JSON.stringify(event)).join('\n')} label="Events" />
          {(after > 0 || items.length === limit) && (
            <p className="flex items-center gap-2 text-soft">
              <Button size="small" disabled={after === 0} onClick={() => setAfter(Math.max(0, after - limit))}>
                Earlier
              </Button>
              <Button size="small" disabled={items.length < limit} onClick={() => setAfter(after + limit)}>
                Later
              </Button>
              Events {after + 1} to {after + items.length}
            </p>
          )}
        </div>
      )}
    </Answered>
  )
}
