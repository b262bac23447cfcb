import { isLight } from '../../shell/brand-style.ts'

const houseColor = '#3b5bdb'

/** The icon of a brand without a logo: `?letter=A&color=#1a2b3c`. */
export function GET(request: Request): Response {
  const search = new URL(request.url).searchParams
  const given = search.get('color') ?? ''
  const color = /^#[0-9a-f]{6}$/.test(given) ? given : houseColor
  const letter = /^[\p{L}\p{N}]/u.exec(search.get('letter') ?? '')?.[0].toUpperCase() ?? ''
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="${color}"/><text x="16" y="22.5" text-anchor="middle" font-family="system-ui,sans-serif" font-size="19" font-weight="600" fill="${isLight(color) ? '#17181c' : '#ffffff'}">${letter}</text></svg>`
  return new Response(svg, {
    headers: { 'content-type': 'image/svg+xml', 'cache-control': 'public, max-age=86400' },
  })
}
