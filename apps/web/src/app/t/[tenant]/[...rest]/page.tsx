import type { Metadata } from 'next'
import { notFound } from 'next/navigation'

export const metadata: Metadata = { title: 'Not found' }

/** What is no page of the tenant is not found in its name, not in that of the installation. */
export default function Page() {
  notFound()
}
