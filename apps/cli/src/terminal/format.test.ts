import { describe, expect, it } from 'vitest'
import {
  formatAge,
  formatCost,
  formatCount,
  formatDuration,
  formatPlural,
  oneLine,
  printable,
  readExpiry,
  truncate,
} from './format.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')

describe('costs', () => {
  it.each([
    [0, '$0'],
    [null, 'unknown'],
    [1, '$0.000000001'],
    [1_200, '$0.0000012'],
    [123_456, '$0.00012'],
    [1_234_567, '$0.0012'],
    [12_345_678, '$0.0123'],
    [500_000_000, '$0.5'],
    [999_999_999, '$1.00'],
    [1_000_000_000, '$1.00'],
    [1_999_999_999, '$2.00'],
    [1_234_560_000_000, '$1,234.56'],
  ])('%s nano-USD read %s', (costNanos, text) => {
    expect(formatCost(costNanos)).toBe(text)
  })
})

describe('numbers and times', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1535, '1,535'],
    [1_234_567, '1,234,567'],
  ])('count %i', (count, text) => {
    expect(formatCount(count)).toBe(text)
  })

  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [1_234, '1.2 s'],
    [59_980, '1 min 0 s'],
    [125_000, '2 min 5 s'],
    [3_725_000, '1 h 2 min'],
  ])('duration of %d ms', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text)
  })

  it.each([
    ['2026-11-22T11:59:58Z', '2s'],
    ['2026-11-22T12:00:05Z', '0s'],
    ['2026-11-22T11:01:00Z', '59m'],
    ['2026-11-21T12:00:00Z', '24h'],
    ['2026-11-12T12:00:00Z', '10d'],
  ])('age of %s', (at, text) => {
    expect(formatAge(at, nowMs)).toBe(text)
  })

  it('has one thing in the singular', () => {
    expect([formatPlural(1, 'step'), formatPlural(0, 'step')]).toEqual(['1 step', '0 steps'])
  })
})

describe('expiry', () => {
  it.each([
    ['30d', '2026-12-22T12:00:00.000Z'],
    ['12h', '2026-11-23T00:00:00.000Z'],
    ['90m', '2026-11-22T13:30:00.000Z'],
    ['2027-01-31', '2027-01-31T00:00:00.000Z'],
    ['soon', undefined],
    ['30', undefined],
    ['2027-13-31', undefined],
  ])('%s', (text, at) => {
    expect(readExpiry(text, nowMs)).toBe(at)
  })
})

describe('text from elsewhere', () => {
  it("can't steer the terminal", () => {
    expect(printable('a\u001B[2Jb\u0007\u009Bc\rd')).toBe('a\uFFFD[2Jb\uFFFD\uFFFDc\uFFFDd')
    expect(printable('a\r\nb\tc\n')).toBe('a\nb\tc\n')
  })

  it.each([
    [{ result: 397.8 }, '397.8'],
    [{ result: { a: 1 } }, '{"result":{"a":1}}'],
    [{ a: 1, b: 2 }, '{"a":1,"b":2}'],
    ['two\n  lines', 'two lines'],
    [null, 'null'],
    [undefined, ''],
    [[1], '[1]'],
  ])('%j on one line', (value, text) => {
    expect(oneLine(value)).toBe(text)
  })

  it('is cut between letters', () => {
    expect(truncate('abcdef', 4)).toBe('abc…')
    expect(truncate('🙂🙂🙂', 2)).toBe('🙂…')
    expect(truncate('abc', 3)).toBe('abc')
  })
})
