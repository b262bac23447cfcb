import { redirect } from 'next/navigation'
import { readAccount } from '../../api/account.ts'
import { publicBranding, publicSignIn } from '../../api/public.ts'
import { explainLink } from './explain.ts'
import { leadingTo, ownPath } from './own-path.ts'
import { readText, type Search } from './search.ts'
import { SignInForm } from './sign-in-form.tsx'
import { SignInFrame, TextLink } from './sign-in-frame.tsx'

export async function SignInPage({ search }: { search: Search }) {
  // Sent here from elsewhere, somebody has to sign in anew even so.
  if (search.next === undefined && search.error === undefined && (await readAccount())) redirect('/')
  const [brand, { signUp, providers }] = await Promise.all([publicBranding(), publicSignIn()])
  const next = ownPath(search.next)
  const footer = (
    <p>
      {signUp === 'open' ? 'No account yet?' : 'Invited, and no account yet?'}{' '}
      <TextLink href={leadingTo('/sign-up', next)}>Sign up</TextLink>
    </p>
  )
  return (
    <SignInFrame brand={brand} title={`Sign in to ${brand.name}`} footer={footer}>
      <SignInForm
        next={next}
        email={readText(search.email)}
        providers={providers}
        problem={explainLink(search.error)}
      />
    </SignInFrame>
  )
}
