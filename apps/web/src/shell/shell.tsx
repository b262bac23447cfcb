'use client'

import type { PublicBranding } from '@freehold/contracts'
import { Menu as MenuIcon, Search } from 'lucide-react'
import { usePathname } from 'next/navigation'
import { type ReactNode, useEffect, useState } from 'react'
import { useSession } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { onDemand } from '../ui/on-demand.ts'
import { ConnectionNotice } from './connection-notice.tsx'
import { Permitted } from './permitted.tsx'
import { Sidebar } from './sidebar.tsx'

// Not before somebody asks for them.
const Drawer = onDemand(() => import('./drawer.tsx').then((module) => module.Drawer))
const CommandPalette = onDemand(() => import('./command-palette.tsx').then((module) => module.CommandPalette))

/** Around every page of a tenant: where one can go, at the side or behind a button where there is little room. */
export function Shell({ brand, children }: { brand: PublicBranding; children: ReactNode }) {
  const [isOpen, setOpen] = useState(false)
  const { tenant } = useSession()
  const palette = usePalette()
  const pathname = usePathname()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the drawer
  useEffect(() => setOpen(false), [pathname])
  const sidebar = <Sidebar brand={brand} onSearch={palette.open} />
  return (
    <div className="lg:grid lg:min-h-dvh lg:grid-cols-[15rem_minmax(0,1fr)]">
      <a
        href="#content"
        className="sr-only z-50 rounded-md bg-raised px-3 py-2 focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <aside className="sticky top-0 hidden h-dvh border-r border-line bg-surface lg:block">{sidebar}</aside>
      <div className="sticky top-0 z-30 flex h-12 items-center justify-between gap-2 border-b border-line bg-surface px-3 lg:hidden">
        <Button kind="quiet" size="icon" aria-label="Menu" aria-expanded={isOpen} onClick={() => setOpen(true)}>
          <MenuIcon />
        </Button>
        {isOpen && <Drawer onClose={() => setOpen(false)}>{sidebar}</Drawer>}
        <span className="truncate font-medium">{tenant}</span>
        <Button kind="quiet" size="icon" aria-label="Search" onClick={palette.open}>
          <Search />
        </Button>
      </div>
      <ConnectionNotice />
      <main id="content" tabIndex={-1} className="min-w-0 outline-none">
        <Permitted>{children}</Permitted>
      </main>
      {palette.wasOpened && <CommandPalette open={palette.isOpen} onOpenChange={palette.setOpen} />}
    </div>
  )
}

function usePalette() {
  const [isOpen, setOpen] = useState(false)
  const [wasOpened, setWasOpened] = useState(false)
  const open = () => {
    setWasOpened(true)
    setOpen(true)
  }
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return
      event.preventDefault()
      setWasOpened(true)
      setOpen((before) => !before)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
  return { isOpen, wasOpened, open, setOpen }
}
