import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sharePlatform } from '../command.fixture.ts'

const shared = sharePlatform()
const freehold = (...args: string[]) => shared.run(['flags', ...args])

describe('flags', () => {
  it('are set, listed, asked and deleted', async () => {
    expect((await freehold('list')).out).toContain('No flags in production.')
    expect((await freehold('set', 'new-prompt', '--percent', '20')).out).toMatch(/serves +on 20 %, off 80 %\n/)
    const path = join(shared.dataDir, 'greeting.json')
    const serve = [{ variant: 'short', percent: 100 }]
    await writeFile(path, JSON.stringify({ type: 'string', variants: { short: 'Hi' }, serve }))
    await freehold('set', 'greeting', '--file', path)
    expect((await freehold('list')).out).toMatch(/greeting +string +short 100 %.*new-prompt +boolean/s)
    expect((await freehold('evaluate', 'greeting', '--type', 'string')).out).toMatch(/value +"Hi"\nvariant +short\n/)
    expect((await freehold('evaluate', 'new-prompt', '--key', 'thread-1')).out).toMatch(/reason +SPLIT\n/)
    await freehold('delete', 'greeting')
    expect(await freehold('evaluate', 'greeting')).toMatchObject({ code: 1, err: expect.stringContaining('no flag') })
  })

  it('are changed in what the options name, and keep the rest', async () => {
    const path = join(shared.dataDir, 'theme.json')
    const rules = [{ when: [{ attribute: 'plan', values: ['gold'] }], serve: [{ variant: 'dark', percent: 100 }] }]
    const theme = { type: 'string', variants: { light: 'l', dark: 'd' }, serve: [{ variant: 'light', percent: 100 }] }
    await writeFile(path, JSON.stringify({ ...theme, rules, description: 'Colours' }))
    const set = async (...options: string[]) => JSON.parse((await freehold('set', 'theme', ...options, '--json')).out)
    const before = await set('--file', path)
    const updatedAt = expect.any(String)
    expect(await set('--off')).toEqual({ ...before, enabled: false, updatedAt })
    expect(await set('--on')).toEqual({ ...before, updatedAt })
    expect(await freehold('set', 'theme')).toMatchObject({ code: 2, err: expect.stringContaining('is there already') })
    expect(await freehold('set', 'theme', '--percent', '5')).toMatchObject({
      code: 2,
      err: expect.stringContaining('has other variants than on and off'),
    })

    await freehold('set', 'rollout', '--percent', '5')
    await freehold('set', 'rollout', '--off')
    expect((await freehold('set', 'rollout', '--on')).out).toMatch(/serves +on 5 %, off 95 %/)
    for (const name of ['theme', 'rollout']) await freehold('delete', name)
  })

  it.each([
    ['a share that is none', ['set', 'a', '--percent', 'half'], '--percent: "half" is no share.'],
    ['an environment that is none', ['list', '--environment', 'test'], '--environment: "test" is none.'],
    ['an attribute that is none', ['evaluate', 'a', '--attribute', 'plan'], '--attribute: "plan" is none.'],
    ['a file that is not there', ['set', 'a', '--file', '/nowhere.json'], "--file: can't read"],
  ])('say what is wrong with %s', async (_, args, text) => {
    expect(await freehold(...args)).toMatchObject({ code: 2, err: expect.stringContaining(text) })
  })
})
