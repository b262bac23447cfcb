'use client'

import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import type { Permission } from '@freehold/contracts'
import { Command } from 'cmdk'
import { Bot, Building2, CirclePlus, CircleUser, type LucideIcon } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useApi } from '../api/use-api.ts'
import { switchConversation } from '../features/chat/switch-conversation.ts'
import { type Session, useSession } from '../session/session.tsx'
import { mayLeave } from './connection-notice.tsx'
import { navigation } from './navigation.ts'

/** Leads anywhere by a few letters. */
export function CommandPalette({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const router = useRouter()
  const { path } = useSession()
  const groups = useGroups(open)
  const go = (href: string) => {
    onOpenChange(false)
    if (mayLeave() && !switchConversation(path('/chat'), href)) router.push(href)
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
              {Object.entries(groups).map(([title, places]) => (
                <Group key={title} title={title} places={places} onGo={go} />
              ))}
            </Command.List>
          </Command>
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  )
}

interface Place {
  title: string
  href: string
  Icon: LucideIcon
}

/** Everywhere that the person may go, by what it is. */
function useGroups(open: boolean): Record<string, Place[]> {
  const session = useSession()
  const { can, me, path, tenant } = session
  const agents = useApi('listAgents', { query: { limit: 200 } }, { enabled: open && can('agents:read') })
  const pages = navigation.flatMap(({ items }) => items).filter(({ permission }) => can(permission))
  const others = me.memberships.filter(({ name }) => name !== tenant)
  return {
    Pages: pages.map(({ title, page, Icon }) => ({ title, href: path(page), Icon })),
    'Begin and go': beginnings(session),
    Agents: (agents.data?.items ?? []).map(({ name }) => ({
      title: name,
      href: path(`/agents/${encodeURIComponent(name)}`),
      Icon: Bot,
    })),
    Tenants: others.map(({ name }) => ({ title: name, href: `/t/${encodeURIComponent(name)}`, Icon: Building2 })),
  }
}

/** What is no page at the side. */
function beginnings({ can, path }: Session): Place[] {
  const all: readonly (Place & { permission?: Permission })[] = [
    { title: 'New agent', href: path('/agents/new'), permission: 'agents:write', Icon: CirclePlus },
    { title: 'New conversation', href: path('/chat'), permission: 'runs:start', Icon: CirclePlus },
    { title: 'New tenant', href: '/platform/new', permission: 'platform:tenants:write', Icon: CirclePlus },
    { title: 'All tenants', href: '/platform', permission: 'platform:tenants:read', Icon: Building2 },
    { title: 'Your account', href: '/account', Icon: CircleUser },
  ]
  return all.filter(({ permission }) => permission === undefined || can(permission))
}

interface GroupProps {
  title: string
  places: readonly Place[]
  onGo: (href: string) => void
}

function Group({ title, places, onGo }: GroupProps) {
  return (
    <Command.Group
      heading={title}
      className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-faint"
    >
      {places.map((place) => (
        <Command.Item
          key={place.href}
          // A page, an agent and a tenant may have one name.
          value={`${title} ${place.title}`}
          onSelect={() => onGo(place.href)}
          className="flex cursor-default items-center gap-2.5 rounded-md px-2 py-2 data-[selected=true]:bg-sunken [&_svg]:size-4 [&_svg]:text-faint"
        >
          <place.Icon aria-hidden /> {place.title}
        </Command.Item>
      ))}
    </Command.Group>
  )
}
