import type { CSSProperties } from 'react'
import { BrandMark } from '../../shell/brand-mark.tsx'
import { brandStyle } from '../../shell/brand-style.ts'
import type { Draft } from './draft.ts'
import { isColor } from './is-color.ts'

/** What people see, while it is typed. */
export function BrandPreview({ draft, logoUrl }: { draft: Draft; logoUrl: string | null }) {
  const { name, supportAddress, senderName } = draft
  const given = (color: string) => (isColor(color) ? color : null)
  const colors = { primary: given(draft.primary), background: given(draft.background), text: given(draft.text) }
  const style: CSSProperties = {
    ...brandStyle(colors),
    ...(colors.background && { backgroundColor: colors.background }),
    ...(colors.text && { color: colors.text }),
  }
  return (
    <figure className="min-w-0">
      <figcaption className="mb-1.5 font-medium">Preview</figcaption>
      {/* Its colours are the tenant's to choose: what is hard to read is warned of beside it. */}
      <div aria-hidden className="rounded-lg border border-line bg-canvas p-6 text-center" style={style}>
        <span className="inline-block">
          <BrandMark brand={{ name: name || '?', logoUrl }} size="large" />
        </span>
        <p className="mt-3 text-base font-semibold">Sign in to {name || 'your name'}</p>
        <div className="mx-auto mt-4 flex max-w-56 flex-col gap-2">
          <div className="h-8.5 rounded-md border border-current opacity-20" />
          <div className="grid h-8.5 place-items-center rounded-md bg-brand font-medium text-on-brand">Sign in</div>
        </div>
        {supportAddress && <p className="mt-4 text-xs break-words">Help: {supportAddress}</p>}
        {senderName && <p className="mt-1 text-xs">Mails from {senderName}</p>}
      </div>
    </figure>
  )
}
