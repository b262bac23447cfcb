import { describe, expect, it } from 'vitest'
import { createEffort } from './effort.ts'
import { findOpenApiBreaks, findUnknownFields } from './openapi-breaks.ts'

const order = {
  type: 'object',
  required: ['id', 'state'],
  properties: {
    id: { type: 'string' },
    state: { type: 'string', enum: ['open', 'paid'] },
    total: { type: 'integer' },
    lines: { type: 'array', items: { $ref: '#/components/schemas/Line' } },
  },
}
const line = { type: 'object', properties: { sku: { type: 'string' }, order: { $ref: '#/components/schemas/Order' } } }
const json = (schema: unknown) => ({ content: { 'application/json': { schema } } })
const ref = { $ref: '#/components/schemas/Order' }

interface Parts {
  order?: object
  line?: object
  parameters?: object[]
  body?: unknown
  answer?: object
  path?: string
}

/** A contract with one operation that takes and gives orders. */
function contract(parts: Parts = {}) {
  const body = 'body' in parts ? parts.body : json(ref)
  return {
    openapi: '3.1.0',
    components: { schemas: { Order: parts.order ?? order, Line: parts.line ?? line } },
    paths: {
      [parts.path ?? '/orders/{id}']: {
        parameters: parts.parameters ?? [],
        put: { ...(body !== undefined && { requestBody: body }), responses: { 200: parts.answer ?? json(ref) } },
      },
    },
  }
}

const use = { method: 'PUT', path: '/orders/{id}' }
const without = (name: keyof typeof order.properties) => {
  const { [name]: _, ...properties } = order.properties
  return { ...order, properties, required: order.required.filter((each) => each !== name) }
}
const withField = (name: string, schema: unknown) => ({ ...order, properties: { ...order.properties, [name]: schema } })
const breaks = (before: Parts, after: Parts, fields?: string[]) =>
  findOpenApiBreaks(contract(before), contract(after))({ ...use, ...(fields && { fields }) })
const onlyAnswers = { body: undefined }

describe('a contract that changes', () => {
  it('breaks nobody by what is added, renamed in the path, or taken on top', () => {
    expect(breaks({}, { order: withField('note', { type: 'string' }) })).toEqual([])
    expect(breaks({}, { path: '/orders/{orderId}', parameters: [{ in: 'query', name: 'full' }] })).toEqual([])
    expect(breaks({ body: undefined }, { body: json(ref) })).toEqual([])
  })

  it.each<[string, Parts, Parts, string[]]>([
    ['an operation', {}, { path: '/moved' }, ['the operation is gone']],
    [
      'a parameter that is required now',
      { parameters: [{ in: 'query', name: 'full' }] },
      { parameters: [{ in: 'query', name: 'full', required: true }] },
      ['the query parameter "full" is required now'],
    ],
    [
      'a parameter that takes less',
      { parameters: [{ in: 'query', name: 'full', schema: { enum: ['yes', 'no'] } }] },
      { parameters: [{ in: 'query', name: 'full', schema: { enum: ['yes'] } }] },
      ['the query parameter "full" takes no "no" any more'],
    ],
    [
      'a body that is required now',
      { body: undefined },
      { body: { required: true, ...json(ref) } },
      ['a body is required now'],
    ],
    ['a body in another type', {}, { body: { content: { 'text/csv': {} } } }, ['takes no application/json any more']],
    [
      'a field that has to be sent now',
      { answer: json({}) },
      { answer: json({}), order: { ...withField('note', { type: 'string' }), required: ['id', 'state', 'note'] } },
      ['body field "note" is required now'],
    ],
    [
      'a field that takes less',
      { answer: json({}) },
      { answer: json({}), order: withField('total', { type: 'string' }) },
      ['body field "total" takes no integer any more'],
    ],
    [
      'a field that is gone',
      onlyAnswers,
      { ...onlyAnswers, order: without('total') },
      ['answer field "total" is gone'],
    ],
    [
      'a field inside of a list',
      onlyAnswers,
      { ...onlyAnswers, line: { type: 'object', properties: {} } },
      ['answer field "lines.sku" is gone', 'answer field "lines.order" is gone'],
    ],
    [
      'a field of another type',
      onlyAnswers,
      { ...onlyAnswers, order: withField('total', { type: ['integer', 'null'] }) },
      ['answer field "total" can be null now'],
    ],
    [
      'a value that is new in an answer',
      onlyAnswers,
      { ...onlyAnswers, order: withField('state', { type: 'string', enum: ['open', 'paid', 'lost'] }) },
      ['answer field "state" can be "lost" now'],
    ],
    [
      'a field that can be missing',
      onlyAnswers,
      { ...onlyAnswers, order: { ...order, required: ['id'] } },
      ['answer field "state" can be missing now'],
    ],
    [
      'an answer in another type',
      onlyAnswers,
      { ...onlyAnswers, answer: { content: {} } },
      ['answers no application/json any more'],
    ],
    [
      'alternatives',
      { ...onlyAnswers, answer: json({ oneOf: [ref] }) },
      { ...onlyAnswers, answer: json({ oneOf: [ref, { type: 'string' }] }) },
      ['answer has other alternatives'],
    ],
    [
      'a field beside alternatives',
      { ...onlyAnswers, order: { ...order, oneOf: [{ required: ['id'] }] } },
      { ...onlyAnswers, order: { ...without('total'), oneOf: [{ required: ['id'] }] } },
      ['answer field "total" is gone'],
    ],
  ])('breaks whoever relies on %s', (_, before, after, expected) => {
    expect(breaks(before, after)).toEqual(expected)
  })

  it('takes what a request may be wider, and what an answer may be narrower', () => {
    expect(breaks({ answer: json({}) }, { answer: json({}), order: withField('total', { type: 'number' }) })).toEqual(
      [],
    )
    expect(
      breaks(onlyAnswers, { ...onlyAnswers, order: withField('state', { type: 'string', enum: ['open'] }) }),
    ).toEqual([])
    expect(breaks(onlyAnswers, { ...onlyAnswers, order: { allOf: [order, { properties: { x: {} } }] } })).toEqual([])
  })

  it('breaks only whoever reads the field', () => {
    const after = { ...onlyAnswers, order: without('total') }
    expect(breaks(onlyAnswers, after, ['id', 'lines.sku'])).toEqual([])
    expect(breaks(onlyAnswers, after, ['total'])).toEqual(['answer field "total" is gone'])
    const list = { ...onlyAnswers, order: without('lines') }
    expect(breaks(onlyAnswers, list, ['lines.sku'])).toEqual(['answer field "lines" is gone'])
  })
})

it('fields are found through references and lists', () => {
  const fields = ['lines.sku', 'lines.order.total', 'totl', 'lines.__proto__']
  expect(findUnknownFields(contract(), { ...use, fields }, createEffort())).toEqual(['totl', 'lines.__proto__'])
})

it('references are percent-encoded, as in any URI', () => {
  const named = (leaf: object) => ({
    ...contract({ ...onlyAnswers, answer: json({ $ref: '#/components/schemas/An%20order' }) }),
    components: { schemas: { 'An order': { properties: { total: leaf } } } },
  })
  expect(findOpenApiBreaks(named({ type: 'integer' }), named({ type: 'string' }))(use)).toEqual([
    'answer field "total" can be string now',
  ])
})

it('what should be a name and is none stands for nothing', () => {
  const odd = { toString: 'no function' }
  const parts = { parameters: [{ in: 'query', name: odd }], order: { required: [odd], type: [odd], properties: {} } }
  expect(breaks(parts, parts)).toEqual([])
})

it('a contract whose references lead in circles or multiply is compared within bounds', () => {
  const levels = 40
  const bomb = (leaf: object) => {
    const names = Array.from({ length: levels }, (_, level) => `L${level}`)
    const next = (level: number) => (level + 1 < levels ? { $ref: `#/components/schemas/L${level + 1}` } : leaf)
    const schemas = names.map((name, level) => [name, { properties: { a: next(level), b: next(level) } }])
    const circle = { $ref: '#/components/schemas/circle' }
    return {
      components: { schemas: { ...Object.fromEntries(schemas), circle } },
      paths: { '/x': { get: { responses: { 200: json({ $ref: '#/components/schemas/L0' }), 201: json(circle) } } } },
    }
  }
  const found = findOpenApiBreaks(bomb({ type: 'string' }), bomb({ type: 'number' }))({ method: 'GET', path: '/x' })
  expect(found.length).toBeGreaterThan(0)
  expect(found.length).toBeLessThan(1_000)
})

describe('a hostile contract is compared within bounds', () => {
  const to = (name: string) => ({ $ref: `#/components/schemas/${name}` })
  const levels = Array.from({ length: 60 }, (_, level) => level)
  /** Each level leads to the next one twice. */
  const twice = (keyword: string) =>
    Object.fromEntries(levels.map((level) => [`L${level}`, { [keyword]: [to(`L${level + 1}`), to(`L${level + 1}`)] }]))
  const fields = (count: number, schema: (index: number) => unknown) => ({
    properties: Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, schema(index)])),
  })
  const of = (schema: unknown, schemas: object, paths = {}) => ({
    paths: { '/x': { get: { responses: { 200: json(schema) } } }, ...paths },
    components: { schemas },
  })
  const many = { ...fields(10_000, () => ({})), required: Array.from({ length: 10_000 }, (_, index) => `f${index}`) }
  const asked = { method: 'GET', path: '/x' }

  it.each<[string, object, object?]>([
    ['has parts of parts of parts', of(to('L0'), twice('allOf'))],
    ['is a part of itself', of(to('circle'), { circle: { allOf: [to('circle'), to('circle')] } })],
    ['has the same large part again and again', of(to('A'), { many, A: { allOf: Array(10_000).fill(to('many')) } })],
    [
      'refers to one long reference',
      of(
        fields(10_000, () => to('far')),
        { far: { $ref: `#/${'a/'.repeat(200_000)}` } },
      ),
    ],
    [
      'has one large schema in place of many',
      of(
        fields(10_000, () => to('many')),
        { many },
      ),
      of(
        fields(10_000, () => ({})),
        {},
      ),
    ],
    ['has a path of braces', of({}, {}, { [`/${'{'.repeat(500_000)}`]: {} })],
  ])('that %s', (_, before, after = before) => {
    expect(findOpenApiBreaks(before, structuredClone(after))(asked).length).toBeLessThanOrEqual(100)
    expect(findUnknownFields(before, { ...asked, fields: ['none'] }, createEffort())).toEqual(['none'])
  })

  it('that has alternatives of alternatives', () => {
    const contracted = of(to('L0'), twice('anyOf'))
    expect(findUnknownFields(contracted, { ...asked, fields: ['none'] }, createEffort())).toEqual(['none'])
  })
})
