import type { Plan } from '@freehold/contracts'
import { Badge } from '../../ui/badge.tsx'
import { formatNumber } from '../../ui/format.ts'
import { Card } from '../../ui/page.tsx'

/** Only whoever operates the installation changes it. */
export function PlanCard({ plan }: { plan: Plan }) {
  const { rateLimits } = plan
  const facts: [string, string][] = [
    ['Isolation', plan.isolation],
    ['Runs at once', formatNumber(plan.maxRunningRuns)],
    ['Runs in the queue', formatNumber(plan.maxQueuedRuns)],
    ['Share when tenants compete', `weight ${plan.weight}`],
    ['Requests of a key', describeRate(rateLimits.key, 'as the installation has it')],
    ['Requests of a person', describeRate(rateLimits.user, 'as the installation has it')],
    ['Requests of the tenant', describeRate(rateLimits.tenant, 'no limit')],
  ]
  return (
    <Card title="Plan" actions={<Badge tone="accent">{plan.name}</Badge>}>
      <dl className="grid gap-x-8 gap-y-3 p-4 sm:grid-cols-2 lg:grid-cols-3">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt className="text-xs text-soft">{name}</dt>
            <dd className="mt-0.5">{value}</dd>
          </div>
        ))}
      </dl>
      <p className="border-t border-line px-4 py-3 text-xs text-soft">
        The plan is set by whoever operates the installation.
      </p>
    </Card>
  )
}

function describeRate(rate: Plan['rateLimits']['key'], none: string): string {
  if (rate === null) return none
  const { requestsPerSecond, burst } = rate
  return `${formatNumber(requestsPerSecond)} a second${burst === null ? '' : `, ${formatNumber(burst)} at once`}`
}
