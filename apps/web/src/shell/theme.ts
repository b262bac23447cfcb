export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** A cookie, so that the server makes the page in the right colours and nothing flashes. */
export const themeCookie = 'theme'

export function readTheme(text: string | undefined): Theme {
  return themes.find((theme) => theme === text) ?? 'system'
}
