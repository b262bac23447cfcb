import { FreeholdError } from '@freehold/contracts/browser'
import { expect, test } from 'vitest'
import { fieldErrors } from './field-errors.ts'

const refused = new FreeholdError('invalid_request', 'Not valid.', {
  fields: [
    { field: 'body.canary.minRuns', message: 'must be 1 or more' },
    { field: 'name', message: 'is taken' },
  ],
})

test('what is wrong stands beside its field, and elsewhere only what no field shows', () => {
  const errors = fieldErrors(refused)
  expect(errors.of('canary')).toBe('must be 1 or more')
  expect(errors.of('name')).toBe('is taken')
  expect(errors.rest('canary', 'name')).toBeUndefined()
  expect(errors.rest('canary')).toBe('Not valid.')
})

test('a lost connection says what to do, and a form’s own error what it says', () => {
  expect(fieldErrors(new TypeError('Failed to fetch')).rest()).toBe('Check your network and try again.')
  expect(fieldErrors(new Error('Not valid JSON.')).rest()).toBe('Not valid JSON.')
  expect(fieldErrors(null).rest()).toBeUndefined()
})
