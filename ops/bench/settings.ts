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

export interface TwintonePorts extends WebPorts {
  tftp: number
  status: number
}

const withoutLimit = 10_000_000

/** Our own defaults, except that all phones of a load generator share one address: the limits per address go. */
export function twintoneSettings({
  site,
  folder,
  ...ports
}: { site: Site; folder: string } & TwintonePorts): string {
  return `
[run]
folder = "${folder}"
[data]
folder = "${site.data}"
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
[status]
port = ${ports.status}
[log]
file = ""
`
}
