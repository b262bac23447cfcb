import { FreeholdError } from '@freehold/contracts/browser'
import { notify } from './toast.tsx'

/** Copies, and tells whether it could: a browser lets no page that came over plain HTTP, which the person is told. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const next =
      'Your browser lets this page copy nothing. Select the text and copy it yourself, or open the page by HTTPS.'
    notify.failed(new FreeholdError('internal', next))
    return false
  }
}
