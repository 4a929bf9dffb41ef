import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { makeSelfSigned } from '../../lib/base/self-signed.ts'
import { temporaryFolder } from './folder.ts'
import { freePort } from './program.ts'
import { withProgram } from './programs.ts'
import { until } from './until.ts'

/** Real FTP servers to copy to. */
export interface ForeignFtp {
  port: number
  /** Where it keeps what it is given. */
  folder: string
  /** PEM file of the certificate it presents. */
  certificate: string
  stop: () => Promise<void>
}

export const pyftpdlib = '/usr/lib/python3/dist-packages/pyftpdlib/__init__.py'
export const withPyftpdlib = { skip: existsSync(pyftpdlib) ? false : 'pyftpdlib is not installed' }
/** It changes its root, so it needs to be started by root. */
export const withVsftpd = process.getuid?.() === 0 ? withProgram('vsftpd') : { skip: 'vsftpd needs root' }

const pyftpdServer = `
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
folder, port = sys.argv[1:]
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_user('copy', 'correct horse', folder, perm='elradfmwMT')
FTPServer(('127.0.0.1', int(port)), FTPHandler).serve_forever()
`

/** pyftpdlib, without TLS (the one of Debian 12 breaks off encrypted data connections). Login `copy`, `correct horse`. */
export async function startPyftpd(t: TestContext, port?: number): Promise<ForeignFtp> {
  const folder = await temporaryFolder(t)
  const script = join(await temporaryFolder(t), 'server.py')
  writeFileSync(script, pyftpdServer)
  const listenOn = port ?? (await freePort())
  const child = spawn('/usr/bin/python3', [script, folder, String(listenOn)], { stdio: 'ignore' })
  return started(t, child, { port: listenOn, folder, certificate: '' })
}

/** vsftpd with anonymous uploads into `in`, over TLS only. Data connections must resume the session, as it wants by default. */
export async function startVsftpd(t: TestContext, tls: 'explicit' | 'implicit'): Promise<ForeignFtp> {
  const place = await temporaryFolder(t)
  chmodSync(place, 0o755)
  const [root, folder, empty] = [join(place, 'data'), join(place, 'data/in'), join(place, 'empty')]
  for (const each of [root, folder, empty]) mkdirSync(each)
  execFileSync('chown', ['daemon', folder])
  const { certificate, key } = await makeSelfSigned({ names: ['127.0.0.1'], days: 2 })
  const pem = join(place, 'server.pem')
  writeFileSync(pem, certificate + key, { mode: 0o600 })
  writeFileSync(join(place, 'authority.pem'), certificate)
  const port = await freePort()
  const settings = join(place, 'vsftpd.conf')
  writeFileSync(settings, vsftpdSettings({ port, root, empty, pem, implicit: tls === 'implicit' }))
  const child = spawn('/usr/sbin/vsftpd', [settings], { stdio: 'ignore' })
  return started(t, child, { port, folder, certificate: join(place, 'authority.pem') })
}

const yesNo = (value: boolean) => (value ? 'YES' : 'NO')

const vsftpdSettings = (options: {
  port: number
  root: string
  empty: string
  pem: string
  implicit: boolean
}) => `
listen=YES
background=NO
listen_address=127.0.0.1
listen_port=${options.port}
secure_chroot_dir=${options.empty}
ftp_username=daemon
anonymous_enable=YES
local_enable=NO
anon_root=${options.root}
write_enable=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_umask=022
isolate=NO
isolate_network=NO
seccomp_sandbox=NO
ssl_enable=YES
allow_anon_ssl=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
require_ssl_reuse=YES
implicit_ssl=${yesNo(options.implicit)}
ssl_ciphers=HIGH
rsa_cert_file=${options.pem}
`

async function started(
  t: TestContext,
  child: ChildProcess,
  server: Omit<ForeignFtp, 'stop'>,
): Promise<ForeignFtp> {
  const ended = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
  }
  t.after(stop)
  await until(async () => ((await accepts(server.port)) ? true : undefined))
  return { ...server, stop }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
