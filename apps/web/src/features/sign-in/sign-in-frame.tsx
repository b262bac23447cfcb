import type { PublicBranding } from '@freehold/contracts'
import Link from 'next/link'
import type { ComponentProps, ReactNode } from 'react'
import { BrandMark } from '../../shell/brand-mark.tsx'

interface FrameProps {
  brand: PublicBranding
  title: string
  /** Below the box: where else to go. */
  footer?: ReactNode
  children: ReactNode
}

/** Around everything that somebody sees before they are signed in. */
export function SignInFrame({ brand, title, footer, children }: FrameProps) {
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex flex-col items-center gap-3 text-center">
          <BrandMark brand={brand} size="large" />
          <h1 className="text-lg font-semibold tracking-tight text-balance">{title}</h1>
        </div>
        <div className="rounded-xl border border-line bg-surface p-6">{children}</div>
        {footer && <div className="mt-5 flex flex-col gap-1.5 text-center text-soft">{footer}</div>}
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

/** Within a sentence. */
export function TextLink(props: ComponentProps<typeof Link>) {
  return <Link {...props} prefetch={false} className="font-medium text-accent underline-offset-4 hover:underline" />
}

export function supportLink(address: string): string {
  return address.startsWith('https:') ? address : `mailto:${address}`
}
