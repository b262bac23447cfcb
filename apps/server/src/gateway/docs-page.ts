import type { buildOpenApiDocument } from '@freehold/contracts'
import { html } from 'hono/html'

interface DescribedOperation {
  summary?: string
  tags?: string[]
  'x-permission'?: string
}

/** A page that lists the REST interface, made from its OpenAPI document. Needs no script. */
export function renderDocs(document: ReturnType<typeof buildOpenApiDocument>) {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, DescribedOperation>).map(([method, operation]) => ({
      path,
      method,
      ...operation,
    })),
  )
  const tags = [...new Set(operations.map(({ tags: names }) => names?.[0] ?? 'other'))]
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>REST interface</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1d2330 }
table { border-collapse: collapse; width: 100% } td { padding: .3rem .6rem .3rem 0; vertical-align: top; border-top: 1px solid #e3e6ec }
code { font-size: .9em } .method { font-weight: 600; text-transform: uppercase } .permission { color: #667; white-space: nowrap }
@media (prefers-color-scheme: dark) { body { background: #14171f; color: #e4e8f0 } td { border-color: #2b3040 } a { color: #8ab4ff } .permission { color: #99a } }
</style>
</head>
<body>
<h1>REST interface ${document.info.version}</h1>
<p>Authenticate with <code>Authorization: Bearer &lt;API key&gt;</code>. The whole description, for tools and client
generators, is <a href="/api/v1/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
${tags.map(
  (tag) =>
    html`<h2>${tag}</h2><table>${operations
      .filter(({ tags: names }) => (names?.[0] ?? 'other') === tag)
      .map(
        (
          operation,
        ) => html`<tr><td class="method">${operation.method}</td><td><code>${operation.path}</code><br>${operation.summary}</td>
<td class="permission"><code>${operation['x-permission'] ?? ''}</code></td></tr>`,
      )}</table>`,
)}
</body></html>`
}
