import type { Metadata } from 'next'
import type { Search } from '../../features/sign-in/search.ts'
import { VerifiedPage } from '../../features/sign-in/verified-page.tsx'

export const metadata: Metadata = { title: 'Your address' }

export default async function Page({ searchParams }: { searchParams: Promise<Search> }) {
  return <VerifiedPage search={await searchParams} />
}
