import type { Metadata } from 'next'
import type { Search } from '../../features/sign-in/search.ts'
import { SignUpPage } from '../../features/sign-in/sign-up-page.tsx'

export const metadata: Metadata = { title: 'Sign up' }

export default async function Page({ searchParams }: { searchParams: Promise<Search> }) {
  return <SignUpPage search={await searchParams} />
}
