import { Dialog } from '../../ui/dialog.tsx'

const keys = [
  ['j', 'the next one'],
  ['k', 'the one before'],
  ['Enter', 'open the first'],
  ['a a', 'approve what is open: the first goes to the button'],
  ['e', 'change it, then approve'],
  ['r', 'refuse it, with a note'],
  ['Esc', 'back to the list'],
  ['?', 'these keys'],
] as const

export function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog open onOpenChange={onClose} title="Keys" about="They count while you are not typing.">
      <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-5 gap-y-2">
        {keys.map(([key, what]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="rounded border border-line bg-sunken px-1.5 py-0.5 font-mono text-xs">{key}</kbd>
            </dt>
            <dd className="text-soft">{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
