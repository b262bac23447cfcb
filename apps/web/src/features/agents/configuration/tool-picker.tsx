'use client'

import type { ApprovalPolicy, Tool } from '@freehold/contracts'
import { useApi } from '../../../api/use-api.ts'
import { Checkbox } from '../../../ui/checkbox.tsx'
import { Field, Input } from '../../../ui/field.tsx'
import type { FieldErrors } from '../../../ui/field-errors.ts'
import { Answered } from '../../../ui/listing.tsx'
import { Select } from '../../../ui/select.tsx'
import { RiskBadge } from '../risk-badge.tsx'
import { describeNeed, describeTerms, type ToolRule } from './approval-words.ts'
import type { Draft } from './draft.ts'

interface ToolPickerProps {
  draft: Draft
  onChange: (change: Pick<Draft, 'tools' | 'approvals'>) => void
  errors: FieldErrors
}

/** The tools that there are: what each does, whether the agent has it, and when somebody has to approve a call. */
export function ToolPicker({ draft, onChange, errors }: ToolPickerProps) {
  const tools = useApi('listTools')
  const { approvals } = draft
  const toggle = (name: string, isChosen: boolean) => {
    const others = draft.tools.filter((each) => each !== name)
    onChange({ tools: isChosen ? [...others, name] : others, approvals })
  }
  const setRule = (name: string, rule: ToolRule | undefined) => {
    const { [name]: _, ...others } = approvals.tools
    const rules = rule === undefined ? others : { ...others, [name]: rule }
    onChange({ tools: draft.tools, approvals: { ...approvals, tools: rules } })
  }
  return (
    <>
      {errors.of('tools') && <p className="mb-3 text-xs text-bad">{errors.of('tools')}</p>}
      <Answered answer={tools}>
        {({ items }) => (
          <ul className="-my-3 divide-y divide-line">
            {items.map((tool) => (
              <li key={tool.name} className="flex flex-col gap-2.5 py-3">
                <Checkbox
                  label={<ToolName tool={tool} />}
                  hint={
                    <span className="line-clamp-2" title={tool.description}>
                      {tool.description}
                    </span>
                  }
                  checked={draft.tools.includes(tool.name)}
                  onChange={(isChosen) => toggle(tool.name, isChosen)}
                />
                {draft.tools.includes(tool.name) && (
                  <ApprovalRule
                    tool={tool}
                    policy={approvals}
                    onChange={(rule) => setRule(tool.name, rule)}
                    error={errors.of(`approvals.tools.${tool.name}`)}
                  />
                )}
              </li>
            ))}
          </ul>
        )}
      </Answered>
    </>
  )
}

function ToolName({ tool: { name, risk } }: { tool: Tool }) {
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      <span className="font-mono text-xs">{name}</span>
      <RiskBadge risk={risk} />
    </span>
  )
}

const requirements = [
  { value: 'default', label: 'As for all tools' },
  { value: 'always', label: 'Ask every time' },
  { value: 'when', label: 'Ask when …' },
  { value: 'never', label: 'Never ask' },
] as const
type Requirement = (typeof requirements)[number]['value']

interface ApprovalRuleProps {
  tool: Tool
  policy: ApprovalPolicy
  onChange: (rule: ToolRule | undefined) => void
  error: string | undefined
}

function ApprovalRule({ tool, policy, onChange, error }: ApprovalRuleProps) {
  const rule = policy.tools[tool.name]
  const { require: _, when, ...terms } = rule ?? {}
  const hasTerms = Object.keys(terms).length > 0
  const choose = (next: Requirement) => {
    if (next === 'default') onChange(hasTerms ? terms : undefined)
    else onChange({ ...terms, require: next, ...(next === 'when' && { when: when ?? '' }) })
  }
  const told = [describeNeed(policy, tool), hasTerms ? describeTerms({ ...policy.default, ...terms }) : '']
  return (
    <div className="ml-6.5 flex flex-wrap items-start gap-x-3 gap-y-2">
      <Select
        label={`Approval of ${tool.name}`}
        value={rule?.require ?? 'default'}
        options={requirements}
        onChange={choose}
        className="w-44"
      />
      {rule?.require === 'when' ? (
        <Field
          label="Condition"
          hint="A CEL expression over args, agent and environment."
          error={error}
          className="min-w-48 grow"
        >
          <Input
            value={when ?? ''}
            onChange={(event) => onChange({ ...terms, require: 'when', when: event.target.value })}
            placeholder='args.method != "GET"'
            className="font-mono text-xs"
          />
        </Field>
      ) : (
        <p className="self-center text-xs text-soft">
          {error ? <span className="text-bad">{error}</span> : told.filter((part) => part !== '').join(', ')}
        </p>
      )}
    </div>
  )
}
