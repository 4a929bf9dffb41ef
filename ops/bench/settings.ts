import { join } from 'node:path'
import { roots, type Site } from './site.ts'

/** Configuration of the servers that read one from a file. */

export interface WebPorts {
  http: number
  https: number
}

/**
 * nginx at its best for static files: one worker (we are one process), sendfile, an open file cache. It logs each
 * request through a buffer, as we do. Full handshakes: no session is remembered, by ticket or by id.
 */
export function nginxSettings({
  site,
  folder,
  http,
  https,
}: { site: Site; folder: string } & WebPorts): string {
  return `
daemon off;
user nobody nogroup;
pid ${join(folder, 'nginx.pid')};
worker_processes 1;
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
  access_log ${join(folder, 'access.log')} combined buffer=64k flush=1s;
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=1000;
  keepalive_requests 100000000;
  ${temporaryFolders.map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n  ')}
  server {
    listen 127.0.0.1:${http};
    root ${join(site.data, roots.http)};
  }
  server {
    listen 127.0.0.1:${https} ssl;
    root ${join(site.data, roots.https)};
    ssl_certificate ${site.certificate};
    ssl_certificate_key ${site.key};
    ssl_session_cache none;
    ssl_session_tickets off;
  }
}
`
}

const temporaryFolders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/**
 * vsftpd as Debian's package would run it for phones: anonymous, uploads that may replace, each session in processes
 * and namespaces of its own, each transfer logged. Anonymous users get no root that they can write to.
 */
export function vsftpdSettings({ folder, port }: { folder: string; port: number }): string {
  return `
listen=YES
background=NO
listen_address=127.0.0.1
listen_port=${port}
secure_chroot_dir=${join(folder, 'empty')}
anonymous_enable=YES
local_enable=NO
ftp_username=${vsftpdUser}
anon_root=${join(folder, 'root')}
write_enable=YES
anon_upload_enable=YES
anon_other_write_enable=YES
anon_umask=022
xferlog_enable=YES
xferlog_file=${join(folder, 'transfers.log')}
max_clients=0
max_per_ip=0
`
}

/** It needs a user whose home there is. */
export const vsftpdUser = 'daemon'

export interface TwintonePorts extends WebPorts {
  tftp: number
  ftp: number
  status: number
}

const withoutLimit = 10_000_000

/** Our own defaults, except that all phones of a load generator share one address: the limits per address go. */
export function twintoneSettings({
  site,
  folder,
  data,
  ...ports
}: { site: Site; folder: string; data: string } & TwintonePorts): string {
  return `
[run]
folder = "${folder}"
[data]
folder = "${data}"
[http]
addresses = ["127.0.0.1"]
ports = [${ports.http}]
connectionsPerAddress = ${withoutLimit}
[https]
addresses = ["127.0.0.1"]
ports = [${ports.https}]
certificate = "${site.certificate}"
key = "${site.key}"
certsFolder = ""
connectionsPerAddress = ${withoutLimit}
[tftp]
addresses = ["127.0.0.1"]
port = ${ports.tftp}
transfersPerAddress = ${withoutLimit}
requestsPerSecond = ${withoutLimit}
[ftp]
addresses = ["127.0.0.1"]
port = ${ports.ftp}
implicitTlsPorts = []
connectionsPerAddress = ${withoutLimit}
[userData]
ftp = "open"
maxBytes = 67108864
[status]
port = ${ports.status}
[log]
file = ""
`
}
