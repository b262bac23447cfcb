'use client'

import type { PublicBranding } from '@freehold/contracts'
import { type ReactNode, useEffect } from 'react'
import { brandStyle } from './brand-style.ts'

/** Shows what is inside in the colours of a tenant, where the host is the installation's. */
export function Branded({ colors, children }: { colors: PublicBranding['colors']; children: ReactNode }) {
  // Dialogs and notices are outside of it, in the page itself.
  useEffect(() => {
    const { style } = document.documentElement
    const before = style.cssText
    for (const [name, value] of Object.entries(brandStyle(colors))) style.setProperty(name, value)
    return () => {
      style.cssText = before
    }
  }, [colors])
  return (
    <div data-brand className="contents" style={brandStyle(colors)}>
      {children}
    </div>
  )
}
