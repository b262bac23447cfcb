import 'server-only'
import { headers } from 'next/headers'
import { currentConfig } from '../config.ts'
import { askGateway } from './ask-gateway.ts'

/** Whoever is signed in, as sign-in knows them. */
export interface Account {
  name: string
  email: string
  hasTwoFactor: boolean
  /** Which of their sessions this is. */
  sessionId: string
}

/** Undefined where nobody is signed in. */
export async function readAccount(): Promise<Account | undefined> {
  const cookie = (await headers()).get('cookie') ?? ''
  const response = await askGateway(`${currentConfig().gatewayUrl}/auth/get-session`, { headers: { cookie } })
  // Better Auth's own answer; null without a session.
  const found = response.ok ? ((await response.json()) as Found | null) : null
  if (!found) return undefined
  const { user, session } = found
  return { name: user.name, email: user.email, hasTwoFactor: user.twoFactorEnabled === true, sessionId: session.id }
}

interface Found {
  user: { name: string; email: string; twoFactorEnabled?: boolean | null }
  session: { id: string }
}
