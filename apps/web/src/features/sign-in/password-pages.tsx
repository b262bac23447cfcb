import { publicBranding } from '../../api/public.ts'
import { ButtonLink } from '../../ui/button.tsx'
import { ForgotPasswordForm } from './forgot-password-form.tsx'
import { Notice } from './notice.tsx'
import { leadingTo, ownPath } from './own-path.ts'
import { ResetPasswordForm } from './reset-password-form.tsx'
import { readText, type Search } from './search.ts'
import { SignInFrame, TextLink } from './sign-in-frame.tsx'

export async function ForgotPasswordPage({ search }: { search: Search }) {
  const brand = await publicBranding()
  const footer = <TextLink href={leadingTo('/sign-in', ownPath(search.next))}>Back to sign in</TextLink>
  return (
    <SignInFrame brand={brand} title="Forgot your password?" footer={footer}>
      <ForgotPasswordForm email={readText(search.email)} />
    </SignInFrame>
  )
}

/** Where the link of the mail leads, which is good for one new password. */
export async function ResetPasswordPage({ search }: { search: Search }) {
  const brand = await publicBranding()
  const token = readText(search.token)
  return (
    <SignInFrame brand={brand} title="Set a new password">
      {token === undefined ? (
        <div className="flex flex-col">
          <Notice>The link is not valid, has expired or was used already.</Notice>
          <ButtonLink kind="primary" href="/forgot-password">
            Ask for a new link
          </ButtonLink>
        </div>
      ) : (
        <ResetPasswordForm token={token} />
      )}
    </SignInFrame>
  )
}
