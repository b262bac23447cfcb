import { publicBranding, publicSignIn } from '../../api/public.ts'
import { leadingTo, ownPath } from './own-path.ts'
import { readText, type Search } from './search.ts'
import { SignInFrame, TextLink } from './sign-in-frame.tsx'
import { SignUpForm } from './sign-up-form.tsx'

export async function SignUpPage({ search }: { search: Search }) {
  const [brand, { signUp }] = await Promise.all([publicBranding(), publicSignIn()])
  const next = ownPath(search.next)
  const footer = (
    <p>
      Have an account? <TextLink href={leadingTo('/sign-in', next)}>Sign in</TextLink>
    </p>
  )
  return (
    <SignInFrame brand={brand} title={`Sign up to ${brand.name}`} footer={footer}>
      <SignUpForm next={next} email={readText(search.email)} isByInvitation={signUp === 'invited'} />
    </SignInFrame>
  )
}
