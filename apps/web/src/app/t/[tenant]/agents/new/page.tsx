import type { Metadata } from 'next'
import { NewAgentPage } from '../../../../../features/agents/new-agent-page.tsx'

export const metadata: Metadata = { title: 'New agent' }

export default function Page() {
  return <NewAgentPage />
}
