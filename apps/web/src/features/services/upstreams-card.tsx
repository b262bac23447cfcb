import type { Service, Upstream } from '@freehold/contracts'
import { Badge } from '../../ui/badge.tsx'
import { formatDuration, formatNumber } from '../../ui/format.ts'
import { Card } from '../../ui/page.tsx'
import { environments } from '../agents/environments.ts'

/** Where calls go, by the environment of the caller. */
export function UpstreamsCard({ service: { environments: upstreams, timeoutMs, limits } }: { service: Service }) {
  return (
    <Card title="Where calls go">
      <dl>
        {environments.map((environment) => {
          const upstream = upstreams[environment]
          return (
            <div
              key={environment}
              className="flex flex-wrap items-baseline gap-x-4 gap-y-1 border-b border-line px-4 py-2.5"
            >
              <dt className="w-28 font-medium">{environment}</dt>
              <dd className="min-w-0 break-words">
                {upstream ? <Target upstream={upstream} /> : <span className="text-faint">not served here</span>}
              </dd>
            </div>
          )
        })}
      </dl>
      <p className="px-4 py-3 text-xs text-soft">
        A call has {formatDuration(timeoutMs)} to be answered.{' '}
        {limits.requestsPerSecond === null
          ? 'All callers together are not limited.'
          : `All callers together may make ${formatNumber(limits.requestsPerSecond)} a second.`}
      </p>
    </Card>
  )
}

function Target({ upstream }: { upstream: Upstream }) {
  if (upstream.kind === 'agent') {
    return (
      <>
        the agent {upstream.agent} <Badge>agent</Badge>
      </>
    )
  }
  return (
    <>
      <span className="break-all">{upstream.url}</span> <Badge>{upstream.kind === 'mcp' ? 'MCP' : 'HTTP'}</Badge>
      {upstream.connection !== null && <span className="text-soft"> with the connection {upstream.connection}</span>}
    </>
  )
}
