import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestPlatform } from '@freehold/testkit'
import { createSignInPlatform, openBrowser } from './sign-in.fixture.ts'
import type { Owner } from './owner.ts'

let on: TestPlatform
let owner: Owner

beforeAll(async () => {
  ;({ on, owner } = await createSignInPlatform({}))
})

afterAll(() => on.close())

describe('a', () => {
  test('b', async () => {
    const b = openBrowser(on)
    const r = await b.send('POST', '/auth/sign-in/email', owner)
    console.log(r.status, r.text, r.headers.getSetCookie())
    const s = await b.send('GET', '/auth/get-session')
    console.log(s.status, s.text)
    console.log(await on.signIn.vouchForSession(b.cookies()))
    console.log((await openBrowser(on).send('POST', '/auth/sign-in/email', {...owner, password: 'no'})).text)
    console.log((await openBrowser(on).send('POST', '/auth/sign-in/email', {...owner, email: 'x@y.zz'})).text)
    console.log(on.logs)
  })
})
