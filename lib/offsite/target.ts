import type { Config } from '../base/config.ts'

/** Where copies go. */
export type Target = Config['ftpCopy']

/** A setting that cannot be used, and what to do. */
export interface TargetProblem {
  setting: `ftpCopy.${keyof Target}`
  problem: string
  fix: string
}

const control = /\p{Cc}/u

/** What is wrong with the settings. A control byte would be a command of its own on the other server. */
export function problemsOf(target: Target): TargetProblem[] {
  const problems: TargetProblem[] = []
  for (const key of ['host', 'user', 'password', 'folder'] as const) {
    if (control.test(target[key]))
      problems.push({ setting: `ftpCopy.${key}`, problem: 'has a control character', fix: 'write it again' })
  }
  if (/[/\s@]|:.*\/\//.test(target.host))
    problems.push({
      setting: 'ftpCopy.host',
      problem: 'is not a host name or address',
      fix: 'write only that; port, user and folder have settings of their own',
    })
  return problems
}

/** For people, and to notice that it is another one: `ftps://copy@backup.example.com:21/phones`. */
export function describeTarget({ host, port, user, folder, tls }: Target): string {
  const scheme = { none: 'ftp', explicit: 'ftpes', implicit: 'ftps' }[tls]
  const name = host.includes(':') ? `[${host}]` : host
  return `${scheme}://${encodeURIComponent(user)}@${name}:${port}/${folder.replace(/^\/+/, '')}`
}
