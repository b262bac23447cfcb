'use client'

import { KeyRound, Plus } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Answered, ListSkeleton } from '../../ui/listing.tsx'
import { Card } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { callAuth } from '../sign-in/auth-client.ts'
import { addPasskey, hasPasskeys, wasCancelled } from '../sign-in/passkey.ts'
import { Row } from './row.tsx'
import { useAuth, useAuthAct } from './use-auth.ts'

const list = 'passkey/list-user-passkeys'

interface Passkey {
  id: string
  name?: string | null
  createdAt?: string | null
}

export function Passkeys() {
  const passkeys = useAuth<Passkey[]>(list)
  const [isAdding, setAdding] = useState(false)
  const [canAdd, setCanAdd] = useState(false)
  useEffect(() => setCanAdd(hasPasskeys()), [])
  const add = canAdd && (
    <Button size="small" onClick={() => setAdding(true)}>
      <Plus /> Add a passkey
    </Button>
  )
  return (
    <Card title="Passkeys" actions={add}>
      <Answered answer={passkeys} skeleton={<ListSkeleton rows={1} />}>
        {(known) =>
          known.length === 0 ? (
            <Row>
              A passkey signs you in by your fingerprint, your face or the PIN of a device, instead of a password.
              Nobody can steal or guess it.
              {!canAdd && ' This browser can’t make one at this address.'}
            </Row>
          ) : (
            <ul className="divide-y divide-line">
              {known.map((passkey) => (
                <li key={passkey.id}>
                  <PasskeyRow passkey={passkey} />
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
      {isAdding && <NamePasskey onClose={() => setAdding(false)} />}
    </Card>
  )
}

function PasskeyRow({ passkey: { id, name, createdAt } }: { passkey: Passkey }) {
  const [isRenaming, setRenaming] = useState(false)
  const shown = name || 'Passkey'
  const remove = useAuthAct(() => callAuth('passkey/delete-passkey', { id }), {
    changes: [list],
    done: `${shown} is removed`,
  })
  return (
    <Row
      action={
        <div className="flex gap-2">
          <Button size="small" onClick={() => setRenaming(true)}>
            Rename
          </Button>
          <Confirm
            trigger={
              <Button size="small" kind="danger">
                Remove
              </Button>
            }
            title={`Remove ${shown}?`}
            about="It signs nobody in any more. Delete it on the device as well, so that it isn’t offered there."
            action="Remove passkey"
            onConfirm={() => remove.mutateAsync(undefined)}
          />
        </div>
      }
    >
      <span className="flex items-center gap-2.5">
        <KeyRound className="size-4 shrink-0 text-faint" aria-hidden />
        <span className="min-w-0 truncate font-medium text-ink">{shown}</span>
        {createdAt && (
          <span className="shrink-0 text-xs text-faint">
            <Time at={createdAt} />
          </span>
        )}
      </span>
      {isRenaming && <NamePasskey passkey={{ id, name: shown }} onClose={() => setRenaming(false)} />}
    </Row>
  )
}

/** A name for a new passkey, or another one for one that is there. */
function NamePasskey({ passkey, onClose }: { passkey?: { id: string; name: string }; onClose: () => void }) {
  const act = async (name: string) => {
    if (passkey) await callAuth('passkey/update-passkey', { id: passkey.id, name })
    else await addPasskey(name)
  }
  const save = useAuthAct(act, { changes: [list], onDone: onClose, quiet: true })
  const problem = wasCancelled(save.error) ? 'No passkey was made. Try again, or choose another device.' : save.problem
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={passkey ? 'Rename passkey' : 'Add a passkey'}
      about={passkey ? undefined : 'Your browser asks next on which device it is to be.'}
      action={passkey ? 'Rename' : 'Continue'}
      busy={save.isPending}
      error={problem}
      onSubmit={(form) => save.mutate(String(form.get('name')))}
    >
      <Field label="Name" hint="To tell it from your others, such as “Laptop”.">
        <Input name="name" required maxLength={60} defaultValue={passkey?.name} autoComplete="off" autoFocus />
      </Field>
    </FormDialog>
  )
}
