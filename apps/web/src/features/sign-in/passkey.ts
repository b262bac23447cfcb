import { callAuth } from './auth-client.ts'

/** Whether this browser can have passkeys here: not over plain HTTP, nor for an address without a name. */
export function hasPasskeys(): boolean {
  return typeof window !== 'undefined' && 'PublicKeyCredential' in window && isNamed(window.location.hostname)
}

function isNamed(host: string): boolean {
  return !/^[\d.]+$|^\[/.test(host) && 'parseRequestOptionsFromJSON' in PublicKeyCredential
}

/** Whether a passkey can be chosen where an address is typed in, as a password is. */
export async function canFillIn(): Promise<boolean> {
  return hasPasskeys() && (await PublicKeyCredential.isConditionalMediationAvailable?.()) === true
}

/** Signs in with a passkey of this person's choice. `conditional` waits until one is chosen from the address field. */
export async function signInWithPasskey(signal: AbortSignal, mediation: 'conditional' | 'optional'): Promise<void> {
  const options = await callAuth<PublicKeyCredentialRequestOptionsJSON>('passkey/generate-authenticate-options')
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
  const credential = await navigator.credentials.get({ publicKey, mediation, signal })
  await callAuth('passkey/verify-authentication', { response: toJson(credential) })
}

/** Makes a passkey of this device or another one, for whoever is signed in. */
export async function addPasskey(name: string): Promise<void> {
  const options = await callAuth<PublicKeyCredentialCreationOptionsJSON>('passkey/generate-register-options')
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON({
    ...options,
    // So that it can be found without typing in an address.
    authenticatorSelection: { ...options.authenticatorSelection, residentKey: 'required', requireResidentKey: true },
  })
  const credential = await navigator.credentials.create({ publicKey })
  await callAuth('passkey/verify-registration', { response: toJson(credential), name })
}

/** Whether somebody closed the browser's own dialog, or let it time out. */
export function wasCancelled(error: unknown): boolean {
  return error instanceof DOMException && (error.name === 'NotAllowedError' || error.name === 'AbortError')
}

function toJson(credential: Credential | null): unknown {
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException('no passkey was chosen', 'NotAllowedError')
  return credential.toJSON()
}
