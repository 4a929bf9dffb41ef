/**
 * Node's strict parser refuses nearly all requests whose end two readers could see in different places (both lengths,
 * two lengths, bare LF, folded lines). What it lets through is refused here: a body that starts where we do not
 * expect one is the next request of somebody else (RFC 9112, 11.2).
 */
export interface Framing {
  readonly method?: string | undefined
  readonly httpVersion: string
  readonly headers: {
    readonly 'content-length'?: string | undefined
    readonly 'transfer-encoding'?: string | undefined
  }
}

/** Why the request is to be answered 400 and its connection closed; undefined: its end is clear. */
export function framingFault(request: Framing): string | undefined {
  const encoding = request.headers['transfer-encoding']
  if (encoding !== undefined && (request.httpVersion !== '1.1' || encoding.toLowerCase() !== 'chunked')) {
    return 'an unclear Transfer-Encoding'
  }
  if (hasBody(request) && bodiless.has(request.method ?? '')) {
    return `a ${request.method} request with a body`
  }
  return undefined
}

/** A body has no meaning with these (RFC 9110, 9.3). */
const bodiless = new Set(['GET', 'HEAD', 'DELETE'])

export function hasBody({ headers }: Framing): boolean {
  if (headers['transfer-encoding'] !== undefined) return true
  return Number(headers['content-length'] ?? 0) !== 0
}
