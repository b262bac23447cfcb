import dynamic from 'next/dynamic'
import type { ComponentType, ReactElement } from 'react'
import { notify } from './toast.tsx'
import { untilLoaded } from './until-loaded.ts'

/** A part of a page that is loaded when it is first shown. `whileLoading` stands in its place until then. */
export function onDemand<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  whileLoading: () => ReactElement | null = () => null,
): ComponentType<Props> {
  return dynamic(() => untilLoaded(load, notify.notLoaded), { ssr: false, loading: whileLoading })
}
