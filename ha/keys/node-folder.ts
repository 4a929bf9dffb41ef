import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What lies in a node's pair.folder, and who may read it: the key and the secret nobody but the agent. */
export const nodeFiles = {
  authority: { name: 'ca.pem', mode: 0o640 },
  certificate: { name: 'node.pem', mode: 0o640 },
  key: { name: 'node.key', mode: 0o600 },
  secret: { name: 'secret', mode: 0o600 },
  uuid: { name: 'uuid', mode: 0o640 },
} as const

export type NodeFile = keyof typeof nodeFiles

export async function writeNodeFolder(folder: string, content: Record<NodeFile, string>): Promise<void> {
  await mkdir(folder)
  await chmod(folder, 0o750)
  for (const [file, { name, mode }] of Object.entries(nodeFiles))
    await writePrivately(join(folder, name), content[file as NodeFile], mode)
}

/** Never readable by more than it shall be, whatever the umask. */
export async function writePrivately(path: string, content: string, mode: number): Promise<void> {
  await writeFile(path, content, { flag: 'wx', mode: 0o600 })
  await chmod(path, mode)
}
