import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { silentLog } from '../../lib/base/log.ts'
import { parseFileName } from '../../lib/files/file-name.ts'
import { FolderIndex } from '../../lib/files/folder-index.ts'
import { HotFiles } from '../../lib/files/hot-files.ts'
import { FileStore } from '../../lib/files/store.ts'
import type { StoredFile } from '../../lib/files/stored-file.ts'
import { temporaryFolder } from './folder.ts'

export interface TestStore {
  /** Holds the root and whatever must lie outside of it. */
  folder: string
  root: string
  hot: HotFiles
  open: (name: string) => Promise<StoredFile>
  /** The file as text, from memory. */
  read: (name: string) => Promise<string>
}

/** A store on a folder of its own, with these files in it. */
export async function testStore(
  t: TestContext,
  files: Readonly<Record<string, string | Buffer>> = {},
  budgetBytes = 4 << 20,
): Promise<TestStore> {
  const folder = await temporaryFolder(t)
  await mkdir(join(folder, 'HTTPdata'))
  await writeFiles(join(folder, 'HTTPdata'), files)
  return openStore(folder, budgetBytes)
}

/** Another store on the same folder, as after a restart or in another process. */
export function openStore(folder: string, budgetBytes = 4 << 20): TestStore {
  const root = join(folder, 'HTTPdata')
  const hot = new HotFiles(budgetBytes)
  const store = new FileStore(root, { hot, index: new FolderIndex(), log: silentLog })
  const open = (name: string) => store.open(parseFileName(name))
  return { folder, root, hot, open, read: async (name) => String((await open(name)).content) }
}

export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
}
