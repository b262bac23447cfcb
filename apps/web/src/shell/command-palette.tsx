'use client'

import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import type { Permission } from '@freehold/contracts'
import { Command } from 'cmdk'
import { Bot, Building2, CirclePlus, CircleUser, type LucideIcon } from 'lucide-react'
import { useRouter } from 'next/navigation'
import type { ReactNode } from 'react'
import { useApi } from '../api/use-api.ts'
import { type Session, useSession } from '../session/session.tsx'
import { navigation } from './navigation.ts'

interface Place {
  title: string
  href: (path: Session['path']) => string
  permission?: Permission
  Icon: LucideIcon
}

/** What is no page at the side. */
const places: readonly Place[] = [
  { title: 'New agent', href: (path) => path('/agents/new'), permission: 'agents:write', Icon: CirclePlus },
  { title: 'New conversation', href: (path) => path('/chat'), permission: 'runs:start', Icon: CirclePlus },
  { title: 'New tenant', href: () => '/platform/new', permission: 'platform:tenants:write', Icon: CirclePlus },
  { title: 'All tenants', href: () => '/platform', permission: 'platform:tenants:read', Icon: Building2 },
  { title: 'Your account', href: () => '/account', Icon: CircleUser },
]

/** Leads anywhere by a few letters: pages, agents, other tenants. */
export function CommandPalette({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const { can, me, path, tenant } = useSession()
  const router = useRouter()
  const agents = useApi('listAgents', { query: { limit: 200 } }, { enabled: open && can('agents:read') })
  const go = (href: string) => {
    onOpenChange(false)
    router.push(href)
  }
  return (
    <BaseDialog.Root open={open} onOpenChange={onOpenChange}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <BaseDialog.Popup
          aria-label="Go to"
          className="fixed top-[15dvh] left-1/2 z-40 w-[calc(100vw-2rem)] max-w-xl -translate-x-1/2 overflow-hidden rounded-xl border border-line bg-raised shadow-float"
        >
          <Command label="Go to" loop>
            <Command.Input
              placeholder="Page, agent or tenant"
              className="h-12 w-full border-b border-line bg-transparent px-4 outline-none placeholder:text-faint"
            />
            <Command.List className="max-h-[50dvh] overflow-y-auto p-2">
              <Command.Empty className="px-2 py-6 text-center text-soft">Nothing is called that.</Command.Empty>
              <Group title="Pages">
                {navigation
                  .flatMap(({ items }) => items)
                  .filter(({ permission }) => can(permission))
                  .map(({ title, page, Icon }) => (
                    <Item key={page} value={`page ${title}`} onSelect={() => go(path(page))}>
                      <Icon aria-hidden /> {title}
                    </Item>
                  ))}
              </Group>
              <Group title="Begin and go">
                {places
                  .filter(({ permission }) => permission === undefined || can(permission))
                  .map(({ title, href, Icon }) => (
                    <Item key={title} value={title} onSelect={() => go(href(path))}>
                      <Icon aria-hidden /> {title}
                    </Item>
                  ))}
              </Group>
              <Group title="Agents">
                {agents.data?.items.map(({ name }) => (
                  <Item
                    key={name}
                    value={`agent ${name}`}
                    onSelect={() => go(path(`/agents/${encodeURIComponent(name)}`))}
                  >
                    <Bot aria-hidden /> {name}
                  </Item>
                ))}
              </Group>
              <Group title="Tenants">
                {me.memberships
                  .filter(({ name }) => name !== tenant)
                  .map(({ id, name }) => (
                    <Item key={id} value={`tenant ${name}`} onSelect={() => go(`/t/${encodeURIComponent(name)}`)}>
                      <Building2 aria-hidden /> {name}
                    </Item>
                  ))}
              </Group>
            </Command.List>
          </Command>
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  )
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={title}
      className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-faint"
    >
      {children}
    </Command.Group>
  )
}

function Item({ value, onSelect, children }: { value: string; onSelect: () => void; children: ReactNode }) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="flex cursor-default items-center gap-2.5 rounded-md px-2 py-2 data-[selected=true]:bg-sunken [&_svg]:size-4 [&_svg]:text-faint"
    >
      {children}
    </Command.Item>
  )
}
