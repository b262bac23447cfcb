'use client'

import { type ComponentType, cloneElement, useState } from 'react'
import type { MenuProps } from './menu-popup.tsx'
import { notify } from './toast.tsx'
import { untilLoaded } from './until-loaded.ts'

const loadPopup = () => import('./menu-popup.tsx').then((module) => module.MenuPopup)

/** A button that opens a list of things to do. What shows the list is loaded by the first who asks for it. */
export function Menu(props: MenuProps) {
  const [Popup, setPopup] = useState<ComponentType<MenuProps>>()
  if (Popup) return <Popup {...props} />
  return cloneElement(props.trigger, {
    'aria-haspopup': 'menu',
    onPointerEnter: () => void loadPopup().catch(() => undefined),
    // Until then the button stays, and keeps the focus.
    onClick: () => void untilLoaded(loadPopup, notify.notLoaded).then((loaded) => setPopup(() => loaded)),
  })
}
