import type { Metadata } from 'next'
import type { Search } from '../../features/sign-in/search.ts'
import { SignInPage } from '../../features/sign-in/sign-in-page.tsx'

export const metadata: Metadata = { title: 'Sign in' }

export default async function Page({ searchParams }: { searchParams: Promise<Search> }) {
  return <SignInPage search={await searchParams} />
}
