import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Load, PeerName } from './cases.ts'
import { launch, type Launched } from './launch.ts'
import type { Endpoint } from './generator.ts'
import { nginxSettings, twintoneSettings, vsftpdSettings, vsftpdUser } from './settings.ts'
import { freePorts, acceptsConnections, answersTftp } from './ports.ts'
import { rootNames, roots, type Site } from './site.ts'

/** How each server of a comparison is started. All of them log a line for each transfer where they can (README.md). */

export type ServerName = 'twintone' | PeerName
export type Door = Load['door']

export interface Started extends Launched {
  readonly at: Readonly<Partial<Record<Door | 'status', Endpoint>>>
  readonly ftpFolder?: FtpFolder
}

/** Where a server keeps what it is given over FTP. */
export interface FtpFolder {
  /** Comes before the names that clients use. */
  prefix: string
  folder: string
}

export interface Place {
  site: Site
  /** Folder for configuration and logs of this one start. */
  folder: string
  /** Folder with the TFTP servers that install.sh unpacked. */
  unpacked: string
  /** What the load is for, where one server has several doors. */
  door?: Door
}

/** Starts a server on free ports of the loopback and waits until it answers. */
export const startServer = (name: ServerName, place: Place): Promise<Started> => starts[name](place)

const loopback = '127.0.0.1'
const here = (port: number): Endpoint => ({ address: loopback, port })
// dnsmasq's TFTP port is 69 whatever one does, so it gets a loopback address that nobody else has.
const dnsmasqAddress = '127.69.69.69'

const starts: Record<ServerName, (place: Place) => Promise<Started>> = {
  async twintone({ site, folder, door }) {
    const [http, https, tftp, ftp, status] = await freePorts(5)
    const at = {
      http: here(http),
      https: here(https),
      tftp: here(tftp),
      ftp: here(ftp),
      status: here(status),
    }
    // What is stored begins with nothing in each run, as for vsftpd; what is only read is the same for all.
    const data = door === 'ftp' ? join(folder, 'data') : site.data
    for (const root of Object.values(rootNames)) await mkdir(join(data, root), { recursive: true })
    const file = join(folder, 'twintone.toml')
    await writeFile(file, twintoneSettings({ site, folder, data, http, https, tftp, ftp, status }))
    const args = [join(import.meta.dirname, '../../cmd/fileserver.ts'), '--config', file]
    const started = await start(folder, process.execPath, args, at)
    return { ...started, ftpFolder: { prefix: '', folder: join(data, rootNames.ftp) } }
  },
  async nginx({ site, folder }) {
    const [http, https] = await freePorts(2)
    const at = { http: here(http), https: here(https) }
    const file = join(folder, 'nginx.conf')
    await writeFile(file, nginxSettings({ site, folder, http, https }))
    return start(folder, '/usr/sbin/nginx', ['-c', file, '-p', folder, '-e', 'stderr'], at)
  },
  async 'tftpd-hpa'({ site, folder, unpacked }) {
    const [port] = await freePorts(1)
    const command = join(unpacked, 'tftpd-hpa/usr/sbin/in.tftpd')
    const args = ['--foreground', '--address', `${loopback}:${port}`, '--secure', join(site.data, roots.tftp)]
    return start(folder, command, args, { tftp: here(port) })
  },
  async atftpd({ site, folder, unpacked }) {
    const [port] = await freePorts(1)
    const command = join(unpacked, 'atftpd/usr/sbin/atftpd')
    const logging = ['--logfile', '-', '--verbose=6']
    const args = [
      '--daemon',
      '--no-fork',
      '--bind-address',
      loopback,
      '--port',
      String(port),
      '--maxthread',
      '1000',
      ...logging,
    ]
    return start(folder, command, [...args, join(site.data, roots.tftp)], { tftp: here(port) })
  },
  async vsftpd({ folder }) {
    const [port] = await freePorts(1)
    const file = join(folder, 'vsftpd.conf')
    const writable = join(folder, 'root/in')
    for (const each of [writable, join(folder, 'empty')]) await mkdir(each, { recursive: true })
    await chmod(folder, 0o755)
    await execa('chown', [vsftpdUser, writable])
    await writeFile(file, vsftpdSettings({ folder, port }))
    const started = await start(folder, '/usr/sbin/vsftpd', [file], { ftp: here(port) })
    return { ...started, ftpFolder: { prefix: 'in/', folder: writable } }
  },
  async dnsmasq({ site, folder }) {
    const tftp = ['--enable-tftp', `--tftp-root=${join(site.data, roots.tftp)}`, '--tftp-max=1000']
    const listening = ['--port=0', `--listen-address=${dnsmasqAddress}`, '--bind-interfaces']
    const running = [
      '--keep-in-foreground',
      '--conf-file=/dev/null',
      '--user=nobody',
      '--pid-file=',
      '--log-facility=-',
    ]
    return start(folder, '/usr/sbin/dnsmasq', [...running, ...listening, ...tftp], {
      tftp: { address: dnsmasqAddress, port: 69 },
    })
  },
}

async function start(folder: string, command: string, args: string[], at: Started['at']): Promise<Started> {
  const answers = async () => {
    for (const { address, port } of [at.http, at.https, at.ftp, at.status].filter((web) => web !== undefined))
      if (!(await acceptsConnections(address, port))) return false
    return at.tftp === undefined || answersTftp(at.tftp.address, at.tftp.port)
  }
  return { at, ...(await launch({ command, args, output: join(folder, 'output.log'), answers })) }
}
