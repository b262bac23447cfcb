'use client'

import { Menu as BaseMenu } from '@base-ui/react/menu'
import { Check, type LucideIcon } from 'lucide-react'
import type { MouseEventHandler, ReactElement } from 'react'
import { classNames } from './class-names.ts'

/** Something to do, somewhere to go, or a heading over those that follow. */
export type MenuEntry =
  | { heading: string }
  | { label: string; Icon?: LucideIcon; checked?: boolean; danger?: boolean; onSelect: () => void }
  | { label: string; Icon?: LucideIcon; checked?: boolean; href: string }

export interface MenuProps {
  trigger: ReactElement<{ onClick?: MouseEventHandler; onPointerEnter?: () => void; 'aria-haspopup'?: 'menu' }>
  entries: readonly MenuEntry[]
  align?: 'start' | 'end'
}

/** Opens at once, since it is loaded when somebody asks for it. */
export function MenuPopup({ trigger, entries, align = 'end' }: MenuProps) {
  return (
    <BaseMenu.Root defaultOpen>
      <BaseMenu.Trigger render={trigger} />
      <BaseMenu.Portal>
        <BaseMenu.Positioner sideOffset={4} align={align} className="z-50">
          <BaseMenu.Popup className="max-h-96 min-w-44 overflow-y-auto rounded-lg border border-line bg-raised p-1 shadow-float">
            {entries.map((entry) => (
              <Entry key={'heading' in entry ? entry.heading : entry.label} entry={entry} />
            ))}
          </BaseMenu.Popup>
        </BaseMenu.Positioner>
      </BaseMenu.Portal>
    </BaseMenu.Root>
  )
}

const row =
  'flex cursor-default items-center gap-2 rounded-md px-2 py-1.5 data-[highlighted]:bg-sunken [&_svg]:size-4 [&_svg]:text-faint'

function Entry({ entry }: { entry: MenuEntry }) {
  if ('heading' in entry) {
    return (
      <div className="mt-1 border-t border-line px-2 pt-2 pb-1 text-xs text-faint first:mt-0 first:border-0 first:pt-1">
        {entry.heading}
      </div>
    )
  }
  const { label, Icon, checked = false } = entry
  const content = (
    <>
      {Icon && <Icon aria-hidden />}
      <span className="grow">{label}</span>
      {checked && <Check aria-label="chosen" />}
    </>
  )
  if ('href' in entry) {
    return (
      <BaseMenu.LinkItem href={entry.href} closeOnClick className={row}>
        {content}
      </BaseMenu.LinkItem>
    )
  }
  return (
    <BaseMenu.Item onClick={entry.onSelect} className={classNames(row, entry.danger === true && 'text-bad')}>
      {content}
    </BaseMenu.Item>
  )
}
