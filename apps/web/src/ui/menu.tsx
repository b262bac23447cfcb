'use client'

import type { LucideIcon } from 'lucide-react'
import dynamic from 'next/dynamic'
import { cloneElement, type MouseEventHandler, type ReactElement, useState } from 'react'

const loadPopup = () => import('./menu-popup.tsx').then((module) => module.MenuPopup)
const MenuPopup = dynamic(loadPopup, { ssr: false })

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

/** A button that opens a list of things to do. What shows the list is loaded by the first who asks for it. */
export function Menu(props: MenuProps) {
  const [wasOpened, setWasOpened] = useState(false)
  if (wasOpened) return <MenuPopup {...props} />
  return cloneElement(props.trigger, {
    'aria-haspopup': 'menu',
    onPointerEnter: () => void loadPopup(),
    onClick: () => setWasOpened(true),
  })
}
