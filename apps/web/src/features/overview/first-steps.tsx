'use client'

import { Activity, Coins, type LucideIcon, MessagesSquare } from 'lucide-react'
import Link from 'next/link'
import { useSession } from '../../session/session.tsx'
import { ButtonLink } from '../../ui/button.tsx'
import { Card, Page } from '../../ui/page.tsx'

const steps: { Icon: LucideIcon; title: string; about: string; page: string; link: string }[] = [
  {
    Icon: MessagesSquare,
    title: 'Talk to an agent',
    about: 'Ask it something in the chat. It answers, calls its tools, and asks you before it does what is risky.',
    page: '/chat',
    link: 'Open the chat',
  },
  {
    Icon: Activity,
    title: 'Look at its run',
    about: 'Each task is a run: every step with what went in, what came out, how long it took and what it cost.',
    page: '/runs',
    link: 'See the runs',
  },
  {
    Icon: Coins,
    title: 'Set a budget',
    about:
      'Agents can’t spend past it, however many run at once. Set one for the tenant, a team, a person or an agent.',
    page: '/usage?tab=budgets',
    link: 'Open budgets',
  },
]

/** The overview of a tenant in which nothing has run yet. */
export function FirstSteps() {
  const { can, path } = useSession()
  return (
    <Page title="Welcome" about="Nothing has run here yet. Three steps show you what there is.">
      <Card>
        <ol className="grid md:grid-cols-3">
          {steps.map(({ Icon, title, about, page, link }, index) => (
            <li
              key={title}
              className="flex flex-col gap-2 border-line p-5 not-first:border-t md:not-first:border-t-0 md:not-first:border-l"
            >
              <span className="grid size-9 place-items-center rounded-full bg-accent-soft text-accent">
                <Icon className="size-4.5" aria-hidden />
              </span>
              <h2 className="mt-1 font-medium">
                {index + 1}. {title}
              </h2>
              <p className="grow text-soft">{about}</p>
              {index > 0 && (
                <Link href={path(page)} className="w-fit text-accent underline">
                  {link}
                </Link>
              )}
              {index === 0 && can('runs:start') && (
                <ButtonLink kind="primary" href={path(page)} className="w-fit">
                  Talk to an agent
                </ButtonLink>
              )}
            </li>
          ))}
        </ol>
      </Card>
    </Page>
  )
}
