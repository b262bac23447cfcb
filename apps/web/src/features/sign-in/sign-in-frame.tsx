import type { PublicBranding } from '@freehold/contracts'
import type { ReactNode } from 'react'
import { BrandMark } from '../../shell/brand-mark.tsx'

/** Around everything that somebody sees before they are signed in. */
export function SignInFrame({ brand, title, children }: { brand: PublicBranding; title: string; children: ReactNode }) {
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex flex-col items-center gap-3 text-center">
          <BrandMark brand={brand} size="large" />
          <h1 className="text-lg font-semibold tracking-tight">{title}</h1>
        </div>
        <div className="rounded-xl border border-line bg-surface p-6">{children}</div>
        {brand.supportAddress && (
          <p className="mt-5 text-center text-xs text-faint">
            Need help?{' '}
            <a className="underline" href={supportLink(brand.supportAddress)}>
              {brand.supportAddress}
            </a>
          </p>
        )}
      </div>
    </main>
  )
}

function supportLink(address: string): string {
  return address.startsWith('https:') ? address : `mailto:${address}`
}
