import type { PublicBranding } from '@freehold/contracts'

/** The logo, or else the first letter of the name on the brand's colour. */
export function BrandMark({
  brand,
  size = 'small',
}: {
  brand: Pick<PublicBranding, 'name' | 'logoUrl'>
  size?: 'small' | 'large'
}) {
  const box = size === 'large' ? 'size-11 rounded-xl text-xl' : 'size-6 rounded-md text-xs'
  // biome-ignore lint/performance/noImgElement: a logo is small, and cached by what it is
  if (brand.logoUrl) return <img src={brand.logoUrl} alt="" className={`${box} object-contain`} />
  return (
    <span aria-hidden className={`${box} grid shrink-0 place-items-center bg-brand font-semibold text-on-brand`}>
      {brand.name.slice(0, 1).toUpperCase()}
    </span>
  )
}
