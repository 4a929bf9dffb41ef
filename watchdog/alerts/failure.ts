import { plainLine } from './plain.ts'

/**
 * What went wrong, in one line for the log and the status page, with every secret that could be in it hidden: servers
 * repeat what they were sent, and libraries quote a header they refuse. The error itself is not the cause of this one,
 * for what else it holds would be logged with it.
 */
export function failure(where: string, error: unknown, secrets: readonly string[]): Error {
  return new Error(`${where}: ${plainLine(withoutSecrets(textOf(error), secrets), 300)}`)
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  // The longer first: one secret may be the beginning of another.
  const known = secrets.filter((secret) => secret !== '').toSorted((a, b) => b.length - a.length)
  const hidden = known.reduce((left, secret) => left.replaceAll(secret, '[hidden]'), text)
  // Logins go over the wire in base64, together with the user (RFC 4616).
  return hidden.replaceAll(/[A-Za-z0-9+/]{4,}={0,2}/g, (word) => {
    const decoded = Buffer.from(word, 'base64').toString()
    return known.some((secret) => decoded.includes(secret)) ? '[hidden]' : word
  })
}

/** Some errors only say that there is another one: `fetch failed`. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(textOf).join('; ')
  const cause = error.cause instanceof Error ? textOf(error.cause) : ''
  return error.message.includes(cause) ? error.message : `${error.message}: ${cause}`
}
