import type { Metadata } from 'next'
import { ResetPasswordPage } from '../../features/sign-in/password-pages.tsx'
import type { Search } from '../../features/sign-in/search.ts'

export const metadata: Metadata = { title: 'New password' }

export default async function Page({ searchParams }: { searchParams: Promise<Search> }) {
  return <ResetPasswordPage search={await searchParams} />
}
