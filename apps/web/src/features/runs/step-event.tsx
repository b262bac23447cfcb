import type { RunEvent } from '@freehold/contracts'
import type { ReactNode } from 'react'
import { Json } from '../../ui/code.tsx'
import { Moment } from '../../ui/time.tsx'
import { Block, Said } from './text-block.tsx'

/** What an event of a step has to say, in the words of people. */
export function StepEvent({ event }: { event: RunEvent }): ReactNode {
  switch (event.type) {
    case 'model.finished':
      return (
        <>
          {event.data.text !== '' && (
            <Block title="Answer">
              <Said text={event.data.text} />
            </Block>
          )}
          {event.data.toolCalls.map((call) => (
            <Value key={call.id} title={`Asks for ${call.name}`} value={call.input} />
          ))}
          {event.data.attempts > 1 && <Note>It answered at call {event.data.attempts}.</Note>}
        </>
      )
    case 'model.failed':
      return (
        <Failed
          message={event.data.message}
          next="If the agent has a fallback model, that was asked next. Else check the model and its key."
        />
      )
    case 'tool.started':
      return <Value title="Input" value={event.data.input} />
    case 'tool.finished':
      return event.data.error === undefined ? (
        <Value title="Output" value={event.data.output} />
      ) : (
        <Failed
          message={event.data.error}
          next="The agent was told so and went on. Check the input, and the connection that the tool uses."
        />
      )
    case 'child.started':
      return (
        <Block title={`Asked ${event.data.agent}`}>
          <Said text={event.data.message} />
        </Block>
      )
    case 'child.finished':
      return event.data.error === null ? (
        <Value title="Its answer" value={event.data.output} />
      ) : (
        <Failed message={event.data.error.message} next="Open that run: its timeline tells where it went wrong." />
      )
    case 'timer.set':
      return (
        <Note>
          Until <Moment at={event.data.until} />
        </Note>
      )
    case 'decision.requested':
      return <Note>{event.data.question}</Note>
    case 'decision.made':
      return (
        <Note>
          {event.data.by} decided: {event.data.decision}.
        </Note>
      )
    case 'approval.requested':
      return (
        <>
          <Block title="Why it asks">
            <Said text={event.data.reason} />
          </Block>
          <Value title="For approval" value={event.data.arguments} />
        </>
      )
    case 'approval.decided':
      return (
        <Note>
          {event.data.decision} by {event.data.by.join(', ')}
          {event.data.comment !== null && `: ${event.data.comment}`}
        </Note>
      )
    case 'step.finished':
      return <Value title="Output" value={event.data.output} />
    default:
      return null
  }
}

function Value({ title, value }: { title: string; value: unknown }) {
  return (
    <Block title={title}>
      <Json value={value} label={title} />
    </Block>
  )
}

function Failed({ message, next }: { message: string; next: string }) {
  return (
    <div className="rounded-md bg-bad-soft p-3">
      <p className="break-words whitespace-pre-wrap text-bad">{message}</p>
      <p className="mt-1 text-soft">{next}</p>
    </div>
  )
}

function Note({ children }: { children: ReactNode }) {
  return <p className="break-words text-soft">{children}</p>
}
