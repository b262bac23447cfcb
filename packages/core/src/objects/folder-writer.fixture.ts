// Puts one object again and again, each time of another letter, until somebody kills it.
// Arguments: the folder of the store, a tenant, a key.
import { createFolderObjects } from './folder-objects.ts'

const [root = '', tenantId = '', key = ''] = process.argv.slice(2)
const store = createFolderObjects(root)
for (let count = 0; ; count++) {
  await store.put({ tenantId, key }, Buffer.alloc(4_000_000, count % 2 === 0 ? 'a' : 'b'))
  if (count === 0) console.log('put')
}
