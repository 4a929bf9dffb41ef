import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { Refusal } from '../../lib/files/refusal.ts'
import { openStore } from './file-store.ts'

// A process of its own (test/lib/files/servable.test.ts): opens files as a user that is not root, and prints how each
// attempt ended. Arguments: the folder, then steps such as `open a.txt` and `chmod 000 firmware`.
const [folder = '', ...steps] = process.argv.slice(2)
const store = openStore(folder)
process.setegid?.(65_534)
process.seteuid?.(65_534)
for (const step of steps) {
  const [verb, first = '', path = ''] = step.split(' ')
  if (verb === 'chmod') await chmod(join(store.root, path), Number.parseInt(first, 8))
  else console.log(await outcomeOf(first))
}

async function outcomeOf(name: string): Promise<string> {
  try {
    return `served ${await store.read(name)}`
  } catch (error) {
    return error instanceof Refusal ? error.reason : String(error)
  }
}
