import type { PublicInvitation } from '@freehold/contracts'
import { readAccount } from '../../api/account.ts'
import { publicBranding, publicInvitation } from '../../api/public.ts'
import { Branded } from '../../shell/branded.tsx'
import { ButtonLink } from '../../ui/button.tsx'
import { AcceptInvitation } from './accept-invitation.tsx'
import { leadingTo } from './own-path.ts'
import { SignInFrame } from './sign-in-frame.tsx'
import { SignOutButton } from './sign-out-button.tsx'

/** Where the link of an invitation's mail leads: who invites to what, and on to it. */
export async function InvitationPage({ token }: { token: string }) {
  const [invitation, account, brand] = await Promise.all([publicInvitation(token), readAccount(), publicBranding()])
  if (!invitation) {
    return (
      <SignInFrame brand={brand} title="There is no such invitation">
        <Ended
          text="The link is not complete, or the tenant is not there any more. Open it from the mail once more, or ask whoever invited you for a new one."
          action="Sign in"
          href="/"
        />
      </SignInFrame>
    )
  }
  return (
    <Branded colors={invitation.brand.colors}>
      <SignInFrame brand={invitation.brand} title={titleOf(invitation)}>
        <Offer invitation={invitation} />
        <div className="mt-5 border-t border-line pt-5">
          <NextStep invitation={invitation} token={token} signedInAs={account?.email} />
        </div>
      </SignInFrame>
    </Branded>
  )
}

function titleOf({ invitedBy, tenantName }: PublicInvitation): string {
  return invitedBy === null ? `You are invited to ${tenantName}` : `${invitedBy} invites you to ${tenantName}`
}

const roleWords: Record<PublicInvitation['roles'][number], string> = {
  owner: 'everything, including who else belongs here',
  admin: 'everything but what is for owners',
  builder: 'make and release agents',
  operator: 'run agents and decide approvals',
  viewer: 'see, and change nothing',
}

function Offer({ invitation: { roles, teams, email } }: { invitation: PublicInvitation }) {
  const given = [
    ...roles.map((role) => ({ key: role, role, where: '' })),
    ...teams.flatMap((team) =>
      team.roles.map((role) => ({ key: `${team.name} ${role}`, role, where: ` in the team ${team.name}` })),
    ),
  ]
  return (
    <>
      <p className="text-soft">
        For <span className="font-medium break-all text-ink">{email}</span>, as
      </p>
      <ul className="mt-2 flex flex-col gap-1.5">
        {given.map(({ key, role, where }) => (
          <li key={key}>
            <span className="font-medium">
              {role}
              {where}
            </span>
            <span className="text-soft">: {roleWords[role]}</span>
          </li>
        ))}
      </ul>
    </>
  )
}

interface NextStepProps {
  invitation: PublicInvitation
  token: string
  signedInAs: string | undefined
}

function NextStep({ invitation: { status, email, tenantName }, token, signedInAs }: NextStepProps) {
  const here = `/invitations/${encodeURIComponent(token)}`
  if (status === 'accepted') {
    return <Ended href="/" action={`Go to ${tenantName}`} text="This invitation was accepted already." />
  }
  if (status !== 'pending') {
    const why = status === 'expired' ? 'has expired' : 'was taken back'
    return <Ended href="/" action="Go to your start page" text={`This invitation ${why}. Ask for a new one.`} />
  }
  if (signedInAs === undefined) {
    return (
      <div className="flex flex-col gap-2">
        <ButtonLink kind="primary" href={leadingTo('/sign-up', here, { email })}>
          Make an account
        </ButtonLink>
        <ButtonLink href={leadingTo('/sign-in', here, { email })}>I have an account</ButtonLink>
      </div>
    )
  }
  if (signedInAs.toLowerCase() !== email) {
    return (
      <div className="flex flex-col gap-3">
        <p>
          You are signed in as <span className="font-medium break-all">{signedInAs}</span>, and the invitation is for
          another address.
        </p>
        <SignOutButton next={here} />
      </div>
    )
  }
  return <AcceptInvitation token={token} tenantName={tenantName} />
}

function Ended({ text, action, href }: { text: string; action: string; href: string }) {
  return (
    <div className="flex flex-col gap-3">
      <p>{text}</p>
      <ButtonLink href={href}>{action}</ButtonLink>
    </div>
  )
}
