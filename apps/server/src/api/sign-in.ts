import { FreeholdError } from '@freehold/contracts'
import { clientAddressHeader } from '../sign-in/options.ts'
import type { ApiApp, ApiParts } from './parts.ts'

/** What the gateway passes on before it knows who someone is. */
export function mountSignIn(app: ApiApp, { signIn }: ApiParts): void {
  app.all('/auth/*', (c) => {
    const { actor, address, host } = c.get('claims')
    if (actor.kind !== 'gateway') {
      throw new FreeholdError('permission_denied', 'Only the gateway passes on what people sign in with.')
    }
    const headers = new Headers(c.req.raw.headers)
    headers.delete('authorization')
    headers.set(clientAddressHeader, address ?? '')
    return signIn.handle(new Request(c.req.raw, { headers }), host)
  })
}
