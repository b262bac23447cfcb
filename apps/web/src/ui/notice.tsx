import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'

const looks = { good: 'bg-good-soft', warn: 'bg-warn-soft', bad: 'bg-bad-soft', info: 'bg-info-soft' }

/** Something to know, in the page. */
export function Notice({
  tone,
  title,
  action,
  children,
}: {
  tone: keyof typeof looks
  title: ReactNode
  action?: ReactNode
  children?: ReactNode
}) {
  return (
    <div
      role="status"
      className={classNames(
        'flex flex-wrap items-start justify-between gap-3 rounded-lg border border-line p-4',
        looks[tone],
      )}
    >
      <div className="min-w-0 grow basis-60">
        <p className="font-medium">{title}</p>
        {children && <div className="mt-0.5 break-words text-soft">{children}</div>}
      </div>
      {action}
    </div>
  )
}
