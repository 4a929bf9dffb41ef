import type { Config } from '../../lib/base/config.ts'
import type { Channel } from '../message.ts'
import { failure } from './failure.ts'

type Settings = Pick<Config['alertWebhook'], 'url' | 'authorization'>

/**
 * A POST of the message as JSON; taken when the answer is 2xx. Redirects are not followed: they could lead the
 * authorization to anyone. What stands in the URL after the host may be as secret as a password, so neither it nor
 * anything else of the settings is in an error.
 *
 * fetch's surprises (test/watchdog/alerts/webhook.test.ts): it quotes a header that it refuses, and a URL with a
 * password in it; why a connection failed is the cause of its error only; it refuses some ports, 6000 and 10080 among
 * them (Fetch, 2.9: bad ports).
 *
 * @throws Error naming the setting when the URL cannot be used
 */
export function webhookChannel({ url: asked, authorization }: Settings): Channel {
  const url = parseUrl(asked)
  const secrets = [authorization, asked, url.href, url.pathname + url.search].filter(
    (text) => text.length > 1,
  )
  return {
    name: 'webhook',
    async send(message, signal) {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'twintone-watchdog',
          ...(authorization === '' ? {} : { authorization }),
        },
        body: JSON.stringify(message),
        signal,
      }).catch((error: unknown) => {
        signal.throwIfAborted()
        throw failure(url.host, error, secrets)
      })
      // The body is of no use, and kept unread it keeps the connection.
      await response.body?.cancel().catch(() => {})
      const problem = problemOf(response)
      if (problem !== undefined) throw new Error(`${url.host}: ${problem}`)
    },
  }
}

function parseUrl(asked: string): URL {
  const url = URL.parse(asked)
  if (url === null) throw new Error('alertWebhook.url is not a URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Error(`alertWebhook.url: ${url.protocol} is not served; use https: or http:`)
  if (url.username !== '' || url.password !== '')
    throw new Error(
      'alertWebhook.url: a URL with a password in it is not used; set alertWebhook.authorization',
    )
  return url
}

function problemOf({ status, ok }: Response): string | undefined {
  if (ok) return undefined
  return status >= 300 && status < 400
    ? `answered ${status}, a redirect, which is not followed; set alertWebhook.url to where it leads`
    : `answered ${status}`
}
