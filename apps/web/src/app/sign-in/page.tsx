import type { Metadata } from 'next'
import { publicBranding } from '../../api/branding.ts'
import { ownPath } from '../../features/sign-in/own-path.ts'
import { SignInForm } from '../../features/sign-in/sign-in-form.tsx'
import { SignInFrame } from '../../features/sign-in/sign-in-frame.tsx'

export const metadata: Metadata = { title: 'Sign in' }

export default async function SignInPage({ searchParams }: { searchParams: Promise<{ next?: string }> }) {
  const [brand, { next }] = await Promise.all([publicBranding(), searchParams])
  return (
    <SignInFrame brand={brand} title={`Sign in to ${brand.name}`}>
      <SignInForm next={ownPath(next)} />
    </SignInFrame>
  )
}
