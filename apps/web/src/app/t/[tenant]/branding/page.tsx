import type { Metadata } from 'next'
import { BrandingPage } from '../../../../features/branding/branding-page.tsx'

export const metadata: Metadata = { title: 'Branding' }

export default function Page() {
  return <BrandingPage />
}
