'use client'

import dynamic from 'next/dynamic'
import { cloneElement, useState } from 'react'
import type { MenuProps } from './menu-popup.tsx'
import { untilLoaded } from './until-loaded.ts'

const loadPopup = () => import('./menu-popup.tsx').then((module) => module.MenuPopup)
const MenuPopup = dynamic(() => untilLoaded(loadPopup), { ssr: false })

/** A button that opens a list of things to do. What shows the list is loaded by the first who asks for it. */
export function Menu(props: MenuProps) {
  const [wasOpened, setWasOpened] = useState(false)
  if (wasOpened) return <MenuPopup {...props} />
  return cloneElement(props.trigger, {
    'aria-haspopup': 'menu',
    onPointerEnter: () => void loadPopup().catch(() => undefined),
    onClick: () => setWasOpened(true),
  })
}
