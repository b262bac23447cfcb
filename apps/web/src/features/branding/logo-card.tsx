'use client'

import type { Branding } from '@freehold/contracts'
import { ImageUp } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useAct } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { FileButton } from '../../ui/file-button.tsx'
import { Card } from '../../ui/page.tsx'

export function LogoCard({ branding: { logo } }: { branding: Branding }) {
  const { can } = useSession()
  const router = useRouter()
  // It stands around the page as well.
  const onDone = () => router.refresh()
  const put = useAct('putLogo', { changes: ['getBranding'], done: 'The logo is set', onDone })
  const upload = async (file: File) => put.mutate({ body: { data: await toBase64(file) } })
  return (
    <Card title="Logo">
      <div className="flex flex-wrap items-center gap-4 p-4">
        {logo ? (
          // biome-ignore lint/performance/noImgElement: a logo comes in every format and size, from the API
          <img src={logo.url} alt="The logo" className="h-12 max-w-48 rounded-md bg-sunken object-contain p-1" />
        ) : (
          <span className="grid size-12 place-items-center rounded-md bg-sunken text-faint">
            <ImageUp aria-hidden className="size-5" />
          </span>
        )}
        <p className="min-w-0 grow basis-48 text-soft">
          A PNG, JPEG or WebP of 256 KiB at the most. Anybody can see it who knows its address.
        </p>
        {can('tenant:write') && (
          <div className="flex flex-wrap gap-2">
            <FileButton
              accept="image/png,image/jpeg,image/webp"
              busy={put.isPending}
              onFile={(file) => void upload(file)}
            >
              {logo ? 'Replace logo' : 'Upload logo'}
            </FileButton>
            {logo && <RemoveLogo onDone={onDone} />}
          </div>
        )}
      </div>
    </Card>
  )
}

function RemoveLogo({ onDone }: { onDone: () => void }) {
  const remove = useAct('deleteLogo', { changes: ['getBranding'], done: 'The logo is removed', onDone })
  return (
    <Confirm
      trigger={<Button kind="danger">Remove</Button>}
      title="Remove the logo?"
      about="Pages show the first letter of the name in its place. You can upload another one."
      action="Remove logo"
      onConfirm={() => remove.mutateAsync({})}
    />
  )
}

async function toBase64(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}
