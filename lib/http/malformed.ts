import { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { OddRequest } from './control-bytes.ts'
import { rawAnswer } from './headers.ts'

/** What Node tells of a connection it cannot read (http.Server, 'clientError'). */
export interface ClientError extends Error {
  code?: string | undefined
  /** The packet that could not be read, as a Buffer, if it was a packet. (fastify has another idea of its type.) */
  rawPacket?: unknown
}

/** It took longer than bodyTimeoutMs, or its header longer than headersTimeoutMs. */
export const requestTimedOut = 'ERR_HTTP_REQUEST_TIMEOUT'

/** The answer, as it goes over the wire, to what is no readable request; undefined: there is nobody to answer. */
export function malformedAnswer(code: string): string | undefined {
  if (code === 'HPE_INVALID_METHOD') return shortAnswer(501, 'Not Implemented')
  if (code === 'HPE_HEADER_OVERFLOW') return shortAnswer(431, 'Request Header Fields Too Large')
  if (code === requestTimedOut) return shortAnswer(408, 'Request Timeout')
  return code.startsWith('HPE_') ? shortAnswer(400, 'Bad Request') : undefined
}

const shortAnswer = (status: number, reason: string) => rawAnswer(status, reason, `${reason.toLowerCase()}\n`)

/** Request and response as Node would have made them; the connection ends with the answer. */
export function oddExchange(
  odd: OddRequest,
  socket: Socket,
): { request: IncomingMessage; response: ServerResponse } {
  const request = new IncomingMessage(socket)
  request.method = odd.method
  request.httpVersion = odd.httpVersion
  Object.assign(request.headers, odd.headers)
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.once('finish', () => socket.destroySoon())
  return { request, response }
}
