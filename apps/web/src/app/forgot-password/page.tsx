import type { Metadata } from 'next'
import { ForgotPasswordPage } from '../../features/sign-in/password-pages.tsx'
import type { Search } from '../../features/sign-in/search.ts'

export const metadata: Metadata = { title: 'Forgot password' }

export default async function Page({ searchParams }: { searchParams: Promise<Search> }) {
  return <ForgotPasswordPage search={await searchParams} />
}
