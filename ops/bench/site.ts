import { randomBytes } from 'node:crypto'
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

/** What every server of a comparison serves: the same files under the same names, the same certificate and key. */
export interface Site {
  /** Folder for configuration, logs and data, gone after the run. */
  readonly folder: string
  /** Folder that holds HTTPdata, HTTPSdata and TFTPdata. */
  readonly data: string
  readonly certificate: string
  readonly key: string
  remove(): Promise<void>
}

export const roots = { http: 'HTTPdata', https: 'HTTPSdata', tftp: 'TFTPdata' } as const
/** All that our file server has: over FTP it is given its files. */
export const rootNames = { ...roots, ftp: 'FTPdata' } as const

/** Content that does not compress. */
export const noise = (bytes: number): Buffer => randomBytes(bytes)

/** Writes `files` (name to content) into all three roots of a new site. */
export async function makeSite(files: ReadonlyMap<string, Buffer>): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'twintone-bench-'))
  const site: Site = {
    folder,
    data: join(folder, 'data'),
    certificate: join(folder, 'server.pem'),
    key: join(folder, 'server.key'),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
  // The peers read as `nobody`.
  await chmod(folder, 0o755)
  const folders = Object.values(roots).map((root) => join(site.data, root))
  for (const root of folders) await mkdir(root, { recursive: true })
  for (const [name, content] of files) {
    const [first = '', ...others] = folders.map((root) => join(root, name))
    await writeFile(first, content)
    for (const other of others) await copyFile(first, other)
  }
  const about = ['-days', '365', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
  const made = ['-keyout', site.key, '-out', site.certificate]
  await execa('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...about, ...made])
  return site
}
