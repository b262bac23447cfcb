import type { Tool } from '@freehold/contracts'
import { Badge, type Tone } from '../../ui/badge.tsx'

const tones: Record<Tool['risk'], Tone> = { low: 'neutral', medium: 'warn', high: 'bad' }

/** As whoever made the tool rates it. */
export function RiskBadge({ risk }: Pick<Tool, 'risk'>) {
  return <Badge tone={tones[risk]}>{risk} risk</Badge>
}
