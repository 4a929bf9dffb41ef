import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { CertificateAndKey } from '../../lib/base/x509.ts'
import { temporaryFolder } from './folder.ts'
import { freePort } from './program.ts'
import { until } from './until.ts'

/** What rsyslog understood of a message. */
export interface Received {
  severity: string
  facility: string
  host: string
  app: string
  kind: string
  structured: string
  text: string
  time: string
  raw: string
}

export interface Rsyslog {
  port: number
  /** Its datagram socket, as /dev/log is one. */
  socket: string
  received: () => Received[]
  stop: () => Promise<void>
}

export type Transport = 'udp' | 'tcp' | 'tls' | 'socket'

/** Whether rsyslog can do TLS here. */
export const hasTls = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64'].some(
  (folder) => existsSync(`${folder}/rsyslog/lmnsd_gtls.so`),
)

/** A real rsyslog in the foreground, with settings of its own; it is ended when the test ends. */
export async function startRsyslog(
  t: TestContext,
  transport: Transport,
  { port, certificate }: { port?: number; certificate?: CertificateAndKey } = {},
): Promise<Rsyslog> {
  const folder = await temporaryFolder(t)
  const bound = port ?? (await freePort())
  const output = join(folder, 'received')
  const socket = join(folder, 'log')
  if (certificate !== undefined) {
    writeFileSync(join(folder, 'cert.pem'), certificate.certificate)
    writeFileSync(join(folder, 'key.pem'), certificate.key)
  }
  writeFileSync(join(folder, 'conf'), configuration(transport, { folder, output, socket, port: bound }))
  const child = spawn('/usr/sbin/rsyslogd', ['-n', '-f', join(folder, 'conf'), '-i', 'none'], {
    stdio: 'pipe',
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
  }
  t.after(stop)
  await until(
    () => (said.includes('error') ? Promise.reject(new Error(said)) : isUp(transport, bound, socket)),
    30_000,
  )
  return { port: bound, socket, received: () => read(output), stop }
}

function configuration(
  transport: Transport,
  { folder, output, socket, port }: { folder: string; output: string; socket: string; port: number },
): string {
  const fields = {
    severity: 'syslogseverity-text',
    facility: 'syslogfacility-text',
    host: 'hostname',
    app: 'app-name',
    kind: 'msgid',
    structured: 'structured-data',
    text: 'msg',
    raw: 'rawmsg',
  }
  const properties = Object.entries(fields).map(
    ([name, property]) => `property(outname="${name}" name="${property}" format="jsonf")`,
  )
  const time = 'property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")'
  const inputs: Record<Transport, string> = {
    udp: `module(load="imudp")\ninput(type="imudp" address="127.0.0.1" port="${port}")`,
    tcp: `module(load="imtcp")\ninput(type="imtcp" address="127.0.0.1" port="${port}")`,
    tls: `global(defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="${folder}/cert.pem"
 defaultNetstreamDriverCertFile="${folder}/cert.pem" defaultNetstreamDriverKeyFile="${folder}/key.pem")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
input(type="imtcp" address="127.0.0.1" port="${port}")`,
    socket: `module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" socket="${socket}")`,
  }
  return `global(maxMessageSize="16k" workDirectory="${folder}")
${inputs[transport]}
template(name="json" type="list" option.jsonf="on") {
${[...properties, time].join('\n')}
}
action(type="omfile" file="${output}" template="json" asyncWriting="off")
`
}

/** No program of ours may be asked for it: a connection would be a message. The kernel's tables say it. */
function isUp(transport: Transport, port: number, socket: string): true | undefined {
  if (transport === 'socket') return existsSync(socket) ? true : undefined
  const table = readFileSync(transport === 'udp' ? '/proc/net/udp' : '/proc/net/tcp', 'utf8')
  return table.includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} `) ? true : undefined
}

const read = (output: string): Received[] =>
  existsSync(output)
    ? readFileSync(output, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    : []
