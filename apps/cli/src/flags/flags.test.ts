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

  it.each([
    ['a share that is none', ['set', 'a', '--percent', 'half'], '--percent: "half" is no share.'],
    ['an environment that is none', ['list', '--environment', 'test'], '--environment: "test" is none.'],
    ['an attribute that is none', ['evaluate', 'a', '--attribute', 'plan'], '--attribute: "plan" is none.'],
    ['a file that is not there', ['set', 'a', '--file', '/nowhere.json'], "--file: can't read"],
  ])('say what is wrong with %s', async (_, args, text) => {
    expect(await freehold(...args)).toMatchObject({ code: 2, err: expect.stringContaining(text) })
  })
})
