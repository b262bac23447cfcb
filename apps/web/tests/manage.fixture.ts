import type { Page } from '@playwright/test'
import { press } from './by-keyboard.fixture.ts'

/** Of a service whose orders have these fields. */
export const contract = (fields: object) => ({
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  paths: {
    '/orders/{id}': {
      get: {
        responses: {
          200: {
            description: 'An order',
            content: {
              'application/json': { schema: { type: 'object', properties: fields, required: Object.keys(fields) } },
            },
          },
        },
      },
    },
  },
})

export async function openPage(page: Page, path: string, title: string, tenant = 'acme'): Promise<void> {
  await page.goto(`/t/${tenant}/${path}`)
  await page.getByRole('heading', { level: 1, name: title }).waitFor()
}

/** Of the table with that name. */
export function rowOf(page: Page, table: string, text: string) {
  return page.getByRole('region', { name: table, exact: true }).getByRole('row').filter({ hasText: text })
}

export async function act(page: Page, of: string, action: string): Promise<void> {
  await press(page.getByRole('button', { name: `Actions for ${of}`, exact: true }))
  await press(page.getByRole('menuitem', { name: action }))
}

export async function confirm(page: Page, action: string): Promise<void> {
  await press(page.getByRole('alertdialog').getByRole('button', { name: action }))
  await page.getByRole('alertdialog').waitFor({ state: 'detached' })
}
