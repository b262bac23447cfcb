import type { Permission } from '@freehold/contracts'
import {
  Activity,
  Bot,
  CalendarClock,
  CircleCheckBig,
  Coins,
  Flag,
  Gauge,
  KeyRound,
  type LucideIcon,
  MessagesSquare,
  Palette,
  Plug,
  Route,
  ScrollText,
  Settings,
  Users,
  UsersRound,
  Webhook,
} from 'lucide-react'

export interface NavigationItem {
  title: string
  /** Below the tenant. */
  page: string
  permission: Permission
  Icon: LucideIcon
}

interface NavigationGroup {
  title: string
  items: readonly NavigationItem[]
}

/** Every page of a tenant, in the order in which they stand at the side and in the palette. */
export const navigation: readonly NavigationGroup[] = [
  {
    title: 'Work',
    items: [
      { title: 'Overview', page: '', permission: 'runs:read', Icon: Gauge },
      { title: 'Chat', page: '/chat', permission: 'threads:read', Icon: MessagesSquare },
      { title: 'Approvals', page: '/approvals', permission: 'approvals:read', Icon: CircleCheckBig },
      { title: 'Runs', page: '/runs', permission: 'runs:read', Icon: Activity },
    ],
  },
  {
    title: 'Build',
    items: [
      { title: 'Agents', page: '/agents', permission: 'agents:read', Icon: Bot },
      { title: 'Schedules', page: '/schedules', permission: 'schedules:read', Icon: CalendarClock },
      { title: 'Connections', page: '/connections', permission: 'connections:read', Icon: Plug },
      { title: 'Services', page: '/services', permission: 'services:read', Icon: Route },
      { title: 'Flags', page: '/flags', permission: 'flags:read', Icon: Flag },
      { title: 'Webhooks', page: '/webhooks', permission: 'webhooks:read', Icon: Webhook },
    ],
  },
  {
    title: 'Manage',
    items: [
      { title: 'Usage and budgets', page: '/usage', permission: 'usage:read', Icon: Coins },
      { title: 'Members', page: '/members', permission: 'members:read', Icon: Users },
      { title: 'Teams', page: '/teams', permission: 'teams:read', Icon: UsersRound },
      { title: 'Keys', page: '/keys', permission: 'keys:read', Icon: KeyRound },
      { title: 'Audit', page: '/audit', permission: 'audit:read', Icon: ScrollText },
      { title: 'Branding', page: '/branding', permission: 'tenant:read', Icon: Palette },
      { title: 'Settings', page: '/settings', permission: 'tenant:read', Icon: Settings },
    ],
  },
]

const items = navigation.flatMap((group) => group.items)

/** Whether an address is that of a page or below it. All are below the overview, which has none below. */
export function isWithin(pathname: string, href: string, page: string): boolean {
  return pathname === href || (page !== '' && pathname.startsWith(`${href}/`))
}

/** The page that an address belongs to; undefined where there is none. */
export function pageAt(pathname: string, path: (page: string) => string): NavigationItem | undefined {
  return items.find(({ page }) => isWithin(pathname, path(page), page))
}
