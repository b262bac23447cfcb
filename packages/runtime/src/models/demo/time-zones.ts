const asksForTime =
  /\btime (?:is it|in|at|now)\b|\b(?:current|local|present|right|exact) time\b|\bthe time\b|what time|\btoday'?s date\b|\b(?:what|which) (?:day|date)\b|\bthe date\b/i

/** Places that people name and that are not the last part of a zone's name. */
const otherPlaces: Record<string, string> = {
  utc: 'UTC',
  gmt: 'UTC',
  'san francisco': 'America/Los_Angeles',
  seattle: 'America/Los_Angeles',
  california: 'America/Los_Angeles',
  boston: 'America/New_York',
  washington: 'America/New_York',
  nyc: 'America/New_York',
  miami: 'America/New_York',
  austin: 'America/Chicago',
  dallas: 'America/Chicago',
  beijing: 'Asia/Shanghai',
  china: 'Asia/Shanghai',
  mumbai: 'Asia/Kolkata',
  delhi: 'Asia/Kolkata',
  kolkata: 'Asia/Kolkata',
  bangalore: 'Asia/Kolkata',
  india: 'Asia/Kolkata',
  japan: 'Asia/Tokyo',
  osaka: 'Asia/Tokyo',
  korea: 'Asia/Seoul',
  kyiv: 'Europe/Kyiv',
  germany: 'Europe/Berlin',
  munich: 'Europe/Berlin',
  hamburg: 'Europe/Berlin',
  frankfurt: 'Europe/Berlin',
  france: 'Europe/Paris',
  spain: 'Europe/Madrid',
  barcelona: 'Europe/Madrid',
  italy: 'Europe/Rome',
  milan: 'Europe/Rome',
  netherlands: 'Europe/Amsterdam',
  geneva: 'Europe/Zurich',
  switzerland: 'Europe/Zurich',
  uk: 'Europe/London',
  england: 'Europe/London',
  'ho chi minh city': 'Asia/Ho_Chi_Minh',
  rio: 'America/Sao_Paulo',
  'rio de janeiro': 'America/Sao_Paulo',
}

let zonesByPlace: Map<string, string> | undefined

/** The zones whose time a message asks for: empty when it names no place, undefined when it doesn't ask. */
export function findTimeZones(message: string): string[] | undefined {
  if (!asksForTime.test(message)) return undefined
  const named = (message.match(/\b[A-Z][A-Za-z]+\/[A-Z][A-Za-z_]+(?:\/[A-Z][A-Za-z_]+)?/g) ?? []).filter(isZone)
  const text = ` ${message.toLowerCase().replace(/[^\p{L}]+/gu, ' ')} `
  const found: { zone: string; at: number }[] = []
  for (const [place, zone] of places()) {
    const at = text.search(new RegExp(` (?:in|for|at|and|or|of) ${place} | ${place} time `))
    if (at >= 0) found.push({ zone, at })
  }
  const inOrder = found.sort((a, b) => a.at - b.at).map(({ zone }) => zone)
  return [...new Set([...named, ...inOrder])]
}

function places(): Map<string, string> {
  if (zonesByPlace) return zonesByPlace
  zonesByPlace = new Map()
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    const place = zone
      .slice(zone.lastIndexOf('/') + 1)
      .replaceAll('_', ' ')
      .toLowerCase()
    if (/^[\p{L} ]+$/u.test(place) && !zonesByPlace.has(place)) zonesByPlace.set(place, zone)
  }
  for (const [place, zone] of Object.entries(otherPlaces)) zonesByPlace.set(place, zone)
  return zonesByPlace
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}
