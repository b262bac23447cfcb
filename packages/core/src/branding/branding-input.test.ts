import { claimHostSchema, contrastOf, putBrandingSchema } from '@freehold/contracts'
import { sampleLogo } from '@freehold/testkit'
import { describe, expect, test } from 'vitest'
import { findContrastWarnings } from './contrast.ts'
import { imageTypeOf } from './image-type.ts'

describe('the look of a tenant', () => {
  test.each([
    ['a colour that is none', { colors: { primary: 'red' } }],
    ['a short colour', { colors: { primary: '#fff' } }],
    ['a script for a support address', { supportAddress: 'javascript:alert(1)' }],
    ['an open support address', { supportAddress: 'http://help.example' }],
    ['a support address that shows another host', { supportAddress: 'https://bank.example@evil.example/' }],
    ['an encoded address as the name of the sender', { sender: { name: '=?utf-8?q?ceo=40bank.example?=' } }],
    ['a wide address as the name of the sender', { sender: { name: 'ceo\uff20bank.example' } }],
    ['an address as the name of the sender', { sender: { name: 'ceo@bank.example' } }],
    ['a sender that ends the header', { sender: { name: 'Acme\r\nBcc: all' } }],
    ['a name that turns text around', { name: 'Acme \u202egnp' }],
    ['a reply-to that is no address', { sender: { replyTo: 'Acme <a@acme.example>' } }],
    ['another field', { logo: 'https://evil.example/pixel' }],
  ])('is refused with %s', (_, body) => {
    expect(putBrandingSchema.safeParse(body).success).toBe(false)
  })

  test('has a support address that ends no line and no attribute', () => {
    const { supportAddress } = putBrandingSchema.parse({ supportAddress: 'https://help.example/a"b\nc' })
    expect(supportAddress).toBe('https://help.example/a%22bc')
  })
})

describe('a logo', () => {
  test.each([
    ['a PNG', Buffer.from(sampleLogo, 'base64'), 'image/png'],
    ['a JPEG', Buffer.from('ffd8ffe000104a464946', 'hex'), 'image/jpeg'],
    ['a WebP', Buffer.from('RIFF\x24\0\0\0WEBPVP8L', 'latin1'), 'image/webp'],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'), undefined],
    ['a page', Buffer.from('<!doctype html><script>alert(1)</script>'), undefined],
    ['a GIF', Buffer.from('GIF89a'), undefined],
    ['a sound in the container of WebP', Buffer.from('RIFF\x24\0\0\0WAVEfmt ', 'latin1'), undefined],
    ['nothing', Buffer.alloc(0), undefined],
  ])('that is %s is known by its content', (_, content, type) => {
    expect(imageTypeOf(content)).toBe(type)
  })
})

describe('a host', () => {
  test.each([
    'localhost',
    '127.0.0.1',
    '::1',
    'a.example.com:3000',
    'https://a.example.com',
    'a..example',
    '-a.example',
    '*.example.com',
    'a.example.',
    'münchen.example',
    `${'a.'.repeat(130)}example`,
  ])('%s is none', (host) => {
    expect(claimHostSchema.safeParse({ host }).success).toBe(false)
  })
})

describe('contrast', () => {
  test('is what WCAG says', () => {
    expect(contrastOf('#000000', '#ffffff')).toBeCloseTo(21, 10)
    expect(contrastOf('#777777', '#ffffff')).toBeCloseTo(4.478, 3)
  })

  test('is not judged of a colour that is not given', () => {
    expect(findContrastWarnings({ primary: '#ffff00', background: null, text: '#eeeeee' })).toEqual([])
  })
})
