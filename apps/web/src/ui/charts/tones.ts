export type ChartTone = 'accent' | 'good' | 'warn' | 'bad' | 'info' | 'neutral'

/** What is drawn takes the colour of the text. */
export const inks: Record<ChartTone, string> = {
  accent: 'text-accent',
  good: 'text-good',
  warn: 'text-warn',
  bad: 'text-bad',
  info: 'text-info',
  neutral: 'text-line-strong',
}
