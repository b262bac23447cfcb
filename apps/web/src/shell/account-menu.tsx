'use client'

import { ChevronsUpDown, CircleUser, LogOut, Monitor, Moon, Sun } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { signOut } from '../features/sign-in/auth-client.ts'
import { useSession } from '../session/session.tsx'
import { Menu } from '../ui/menu.tsx'
import { notify } from '../ui/toast.tsx'
import { type Theme, themeCookie } from './theme.ts'

const looks: readonly { theme: Theme; label: string; Icon: typeof Sun }[] = [
  { theme: 'system', label: 'As the system', Icon: Monitor },
  { theme: 'light', label: 'Light', Icon: Sun },
  { theme: 'dark', label: 'Dark', Icon: Moon },
]
const yearSeconds = 31_536_000

export function AccountMenu() {
  const { me } = useSession()
  const router = useRouter()
  const choose = (theme: Theme) => {
    // biome-ignore lint/suspicious/noDocumentCookie: a browser has the newer way over HTTPS only
    document.cookie = `${themeCookie}=${theme}; path=/; max-age=${yearSeconds}; samesite=lax`
    router.refresh()
  }
  return (
    <Menu
      align="start"
      entries={[
        { label: 'Your account', href: '/account', Icon: CircleUser },
        { heading: 'Colours' },
        ...looks.map(({ theme, label, Icon }) => ({ label, Icon, onSelect: () => choose(theme) })),
        { heading: me.actor.name },
        { label: 'Sign out', Icon: LogOut, onSelect: () => void signOut().catch(notify.failed) },
      ]}
      trigger={
        <button
          type="button"
          className="flex h-9 w-full items-center gap-2.5 rounded-md px-1.5 text-left hover:bg-sunken"
        >
          <CircleUser className="size-5 shrink-0 text-faint" aria-hidden />
          <span className="min-w-0 grow truncate">{me.actor.name}</span>
          <ChevronsUpDown className="size-3.5 shrink-0 text-faint" aria-hidden />
        </button>
      }
    />
  )
}
