'use client'

import { useApi } from '../../../api/use-api.ts'
import { Badge } from '../../../ui/badge.tsx'
import { Code } from '../../../ui/code.tsx'
import { Card } from '../../../ui/page.tsx'
import { describeAtBudget, describeNeed, describeRule } from './approval-words.ts'
import { type DraftedConfig, limitFields } from './draft.ts'

/** A configuration to read. */
export function ConfigView({ config }: { config: DraftedConfig }) {
  return (
    <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="flex min-w-0 flex-col gap-5">
        <Card title="Prompt">
          <div className="flex flex-col gap-3 p-4">
            {config.description && <p className="text-soft">{config.description}</p>}
            {config.prompts.system ? (
              <Code text={config.prompts.system} label="System prompt" />
            ) : (
              <p className="text-faint">No system prompt.</p>
            )}
          </div>
        </Card>
        <Card title="Tools">
          <ToolsOf config={config} />
        </Card>
      </div>
      <Card title="Model, approvals and limits">
        <Facts config={config} />
      </Card>
    </div>
  )
}

function ToolsOf({ config: { tools, approvals } }: { config: DraftedConfig }) {
  const known = useApi('listTools')
  if (tools.length === 0) return <p className="p-4 text-faint">None: it only answers.</p>
  return (
    <ul className="divide-y divide-line">
      {tools.map((name) => {
        const tool = known.data?.items.find((each) => each.name === name)
        return (
          <li key={name} className="flex flex-col gap-1 px-4 py-3">
            <span className="flex flex-wrap items-center gap-2">
              <span className="font-mono text-xs font-medium">{name}</span>
              {tool && <Badge>{describeNeed(approvals, tool)}</Badge>}
            </span>
            {tool && <span className="text-xs text-faint">{tool.description}</span>}
          </li>
        )
      })}
    </ul>
  )
}

function Facts({ config: { model, fallbackModels, program, approvals, limits } }: { config: DraftedConfig }) {
  const facts: [name: string, value: string][] = [
    ['Model', [model, ...fallbackModels].join(', then ')],
    ['Program', program],
    ['Approval of tools', describeRule(approvals.default, 'by their risk')],
    ['At a budget', describeAtBudget(approvals)],
    ...limitFields.flatMap(({ name, label, unit, perUnit }): [string, string][] => {
      const limit = limits[name]
      return limit === undefined ? [] : [[label, `${limit / perUnit} ${unit}`]]
    }),
  ]
  return (
    <dl className="divide-y divide-line">
      {facts.map(([name, value]) => (
        <div key={name} className="flex justify-between gap-4 px-4 py-2">
          <dt className="text-soft">{name}</dt>
          <dd className="min-w-0 text-right break-words">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
