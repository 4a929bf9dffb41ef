import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { assembleFileserver, type Fileserver } from '../../cmd/assemble.ts'
import { prepareNode } from '../../cmd/twintone/first-node.ts'
import { defaultConfig, type Config } from '../../lib/base/config.ts'
import { silentLog } from '../../lib/base/log.ts'
import type { Protocol } from '../../lib/base/protocol.ts'
import { rootOf } from '../../lib/files/roots.ts'
import { temporaryFolder } from './folder.ts'

/** A whole file server in this process, on loopback and free ports. */
export interface TestNode {
  config: Config
  fileserver: Fileserver
  /** The port of the first door of that protocol. */
  port(protocol: Protocol): number
  /** Writes a phone file. */
  put(protocol: Protocol, name: string, content: string | Buffer): Promise<void>
}

/** Starts a node for a test and stops it after; `change` edits the settings first. */
export async function startNode(
  t: TestContext,
  change: (config: Config) => void = () => {},
): Promise<TestNode> {
  const folder = await temporaryFolder(t)
  const config = loopbackConfig(folder)
  change(config)
  await prepareNode(config, undefined, () => {})
  const fileserver = assembleFileserver(config, {
    log: silentLog,
    setDetailed: () => {},
    close: async () => {},
  })
  t.after(async () => {
    for (const part of fileserver.parts.toReversed()) await part.stop(AbortSignal.timeout(500))
  })
  for (const part of fileserver.parts) {
    await part.start((reason) => {
      throw reason
    })
  }
  return {
    config,
    fileserver,
    port(protocol) {
      const door = fileserver.snapshot().doors.find((each) => each.protocol === protocol)
      if (door === undefined) throw new Error(`no ${protocol} door is open`)
      return door.port
    },
    async put(protocol, name, content) {
      const path = join(rootOf(config.data.folder, protocol), name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, content)
    },
  }
}

function loopbackConfig(folder: string): Config {
  const config = defaultConfig()
  config.node.name = 'test-node'
  config.run.folder = join(folder, 'run')
  config.data.folder = join(folder, 'data')
  config.log.file = ''
  for (const web of [config.http, config.https]) {
    web.addresses = ['127.0.0.1']
    web.ports = [0]
  }
  config.https.certificate = join(folder, 'certs', 'server.pem')
  config.https.key = join(folder, 'certs', 'server.key')
  config.https.certsFolder = join(folder, 'certs')
  config.tftp.addresses = ['127.0.0.1']
  config.tftp.port = 0
  config.ftp.addresses = ['127.0.0.1']
  config.ftp.port = 0
  config.ftp.implicitTlsPorts = []
  config.ftp.dataPort = 0
  config.userData.credentialsFile = join(folder, 'credentials')
  config.status.port = 0
  return config
}
