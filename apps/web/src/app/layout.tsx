import './globals.css'
import { CSPProvider } from '@base-ui/react/csp-provider'
import type { Metadata, Viewport } from 'next'
import { cookies, headers } from 'next/headers'
import type { CSSProperties, ReactNode } from 'react'
import { publicBranding } from '../api/public.ts'
import { QueryProvider } from '../session/query-provider.tsx'
import { brandIcon } from '../shell/brand-icon.ts'
import { brandStyle } from '../shell/brand-style.ts'
import { readTheme, themeCookie } from '../shell/theme.ts'
import { KeptFocus } from '../ui/kept-focus.tsx'
import { Toasts } from '../ui/toast.tsx'

export const viewport: Viewport = { width: 'device-width', initialScale: 1, colorScheme: 'light dark' }

export async function generateMetadata(): Promise<Metadata> {
  const brand = await publicBranding()
  const { name } = brand
  return {
    title: { default: name, template: `%s · ${name}` },
    icons: { icon: brandIcon(brand) },
    robots: { index: false },
  }
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  const [{ colors }, asked, jar] = await Promise.all([publicBranding(), headers(), cookies()])
  const theme = readTheme(jar.get(themeCookie)?.value)
  return (
    <html lang="en" data-theme={theme === 'system' ? undefined : theme} style={brandStyle(colors) as CSSProperties}>
      <body>
        <CSPProvider nonce={asked.get('x-nonce') ?? undefined}>
          <QueryProvider>
            {children}
            <Toasts />
            <KeptFocus />
          </QueryProvider>
        </CSPProvider>
      </body>
    </html>
  )
}
