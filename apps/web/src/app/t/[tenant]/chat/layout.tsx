import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { ChatFrame } from '../../../../features/chat/chat-frame.tsx'

export const metadata: Metadata = { title: 'Chat' }

export default function Layout({ children }: { children: ReactNode }) {
  return <ChatFrame>{children}</ChatFrame>
}
