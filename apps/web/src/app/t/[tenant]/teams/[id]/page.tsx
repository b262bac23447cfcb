import type { Metadata } from 'next'
import { TeamPage } from '../../../../../features/teams/team-page.tsx'

export const metadata: Metadata = { title: 'Team' }

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  return <TeamPage id={(await params).id} />
}
