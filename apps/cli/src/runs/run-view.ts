import type { Run, RunEvent, TextDelta } from '@freehold/contracts'
import { formatCost, formatDuration, formatPlural } from '../terminal/format.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { createEventDescriber, describeProgress, type EventLine } from './describe-event.ts'
import { LiveText } from './live-text.ts'
import { Page } from './page.ts'

const widthWithoutTerminal = 200

/** Shows a run as it happens. */
export interface RunView {
  show(event: RunEvent | TextDelta): void
  end(run: Run): void
}

type Printer = Pick<Terminal, 'write' | 'columns' | 'paint'>

/**
 * Dim lines for the steps, what the models say between them, and a summary. `command` completes a command that the
 * user is told to type.
 */
export function createRunView(terminal: Printer, run: Run, command: (rest: string) => string): RunView {
  const { paint } = terminal
  const width = terminal.columns ?? widthWithoutTerminal
  const page = new Page(terminal)
  const addLine = ({ mark, words }: EventLine) => {
    const painted = mark === '✓' ? paint.green(mark) : mark === '✗' ? paint.red(mark) : paint.dim(mark)
    page.line(`${painted} ${mark === '✗' ? words : paint.dim(words)}`)
  }
  const text = new LiveText(page, (words) => addLine({ mark: '·', words }))
  const describe = createEventDescriber(run.id, { width: width - 2, command })
  let unpriced = false

  const showEvent = (event: RunEvent) => {
    if (event.type === 'model.finished') {
      text.finish(event.data.step, event.data.text)
      unpriced ||= event.data.costNanos === null
    }
    if (event.type === 'run.succeeded') text.showOutput(event.data.output)
    for (const line of describe(event)) addLine(line)
    page.status(describeProgress(event))
  }

  page.line(paint.dim(`${run.agent} v${run.version} in ${run.environment} · run ${run.id}`))
  return {
    show(event) {
      if (event.type === 'text.delta') text.add(event)
      else if ('seq' in event) showEvent(event)
    },
    end(ended) {
      page.status(undefined)
      const succeeded = ended.status === 'succeeded'
      const status = succeeded ? paint.green(`✓ ${ended.status}`) : paint.red(`✗ ${ended.status}`)
      const summary = `${status} · ${summarizeRun(ended, unpriced)}`
      const plainWidth = `✓ ${ended.status} · ${summarizeRun(ended, unpriced)} · run ${run.id}`.length
      page.line(`${summary}${plainWidth > width ? '\n  ' : ' · '}${paint.dim(`run ${run.id}`)}`)
      if (ended.status === 'failed')
        page.line(paint.dim(`  try again from where it stopped: ${command(`runs redrive ${run.id}`)}`))
    },
  }
}

/** Steps, tokens, cost and time of a run. */
export function summarizeRun(run: Run, unpriced: boolean): string {
  const cost = `${unpriced ? 'at least ' : ''}${formatCost(run.costNanos)}`
  const endedMs = run.finishedAt === null ? Date.now() : Date.parse(run.finishedAt)
  return [
    formatPlural(run.steps.length, 'step'),
    formatPlural(run.usage.inputTokens + run.usage.outputTokens, 'token'),
    cost,
    formatDuration(endedMs - Date.parse(run.createdAt)),
  ].join(' · ')
}
