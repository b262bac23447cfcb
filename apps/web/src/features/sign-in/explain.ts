/** What the codes of sign-in mean to a person, and what to do about it. Those of providers come in the address. */
const words: Record<string, string> = {
  EMAIL_NOT_VERIFIED:
    'This address is not confirmed yet. We have just mailed you a new link: open it in this browser, and you are in.',
  OTHER_BROWSER:
    'The link counts only in the browser where you signed up. Sign in here with your password, and a link that works in this browser is mailed to you. Or set a new password, which confirms the address as well.',
  TOKEN_EXPIRED: 'The link has expired. Sign in with your password, and a new one is mailed to you.',
  INVALID_TOKEN: 'The link is not valid, or was used already. Ask for a new one.',
  USER_NOT_FOUND: 'The account of this link is no longer there. Sign up again.',
  INVALID_USER: 'You are signed in as somebody else in this browser. Sign out, and open the link again.',
  INVALID_PASSWORD: 'The password is wrong.',
  PASSWORD_TOO_SHORT: 'Choose a password of 10 characters or more.',
  PASSWORD_TOO_LONG: 'Choose a password of 128 characters at the most.',
  INVALID_EMAIL: 'This is not an address that a mail can be sent to.',
  INVALID_CODE: 'This code is wrong, or no longer good. Enter the one that the app shows now.',
  INVALID_BACKUP_CODE: 'This backup code is wrong, or was used already.',
  INVALID_TWO_FACTOR_COOKIE: 'That took too long. Sign in with your password again.',
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: 'Too many wrong codes. Sign in with your password again.',
  ACCOUNT_TEMPORARILY_LOCKED: 'Too many wrong codes. Wait 15 minutes, and sign in again.',
  SESSION_NOT_FRESH: 'You signed in more than a day ago. Sign in again to see or change this.',
  PASSKEY_NOT_FOUND: 'This passkey belongs to no account here. Sign in another way, and add it to your account.',
  CHALLENGE_NOT_FOUND: 'That took too long. Try again.',
  AUTHENTICATION_FAILED: 'The passkey was not accepted. Try again, or sign in another way.',
  // Of providers.
  sign_up_by_invitation:
    'There is no invitation for this address. Ask an owner of your tenant for one, or use the invited address.',
  access_denied: 'The provider did not let you in, or you cancelled. Try again, or sign in another way.',
  account_not_linked:
    'There is an account with this address, and the provider does not say that the address is yours. Sign in with your password.',
  email_not_found: 'The provider did not tell your address, which is needed. Allow it there, or sign in another way.',
  email_not_verified: 'The provider has not confirmed your address. Confirm it there, or sign in another way.',
  state_mismatch: 'The sign-in was begun in another browser, or too long ago. Try again.',
  please_restart_the_process: 'The sign-in was begun in another browser, or too long ago. Try again.',
  oauth_provider_not_found: 'This way to sign in is no longer offered. Choose another one.',
  two_factor_required: 'Sign in with your password and the second factor.',
}

/** Undefined for what has no words of its own. */
export function explain(code: string | undefined): string | undefined {
  return code !== undefined && Object.hasOwn(words, code) ? words[code] : undefined
}

/** What stands in an address is shown only if it is one of ours: anybody can write a link. */
export function explainLink(code: unknown): string | undefined {
  if (typeof code !== 'string' || code === '') return undefined
  return explain(code) ?? 'The sign-in did not work. Try again, or choose another way.'
}
