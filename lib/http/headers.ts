import type { StoredFile } from '../files/stored-file.ts'
import type { Plan } from './conditional.ts'
import { contentType } from './content-type.ts'

/**
 * Header blocks, as name and value in turn. Names are written in their canonical case, and Content-Length is always
 * there: the parsers of some phones accept nothing else. Node adds Date and Connection.
 */
export type HeaderBlock = string[]

const noSniff = ['X-Content-Type-Options', 'nosniff']

/** For the whole file; made once for each file, since making dates and numbers into text is dear. */
export function wholeFileHeaders(file: StoredFile): HeaderBlock {
  let block = wholeBlocks.get(file)
  if (block === undefined) {
    block = partHeaders(file, file.size)
    wholeBlocks.set(file, block)
  }
  return block
}

const wholeBlocks = new WeakMap<StoredFile, HeaderBlock>()

export function rangeHeaders(
  file: StoredFile,
  { from, length }: Extract<Plan, { status: 206 }>,
): HeaderBlock {
  return [...partHeaders(file, length), 'Content-Range', `bytes ${from}-${from + length - 1}/${file.size}`]
}

function partHeaders(file: StoredFile, length: number): HeaderBlock {
  return [
    'Content-Type',
    contentType(file.name),
    'Content-Length',
    String(length),
    ...validators(file),
    'Accept-Ranges',
    'bytes',
    ...noSniff,
  ]
}

/** For 304, which has no content and hence no Content-Length. */
export function validators(file: StoredFile): HeaderBlock {
  return ['Last-Modified', file.changedAt.toUTCString(), 'ETag', `"${file.etag}"`]
}

export function textHeaders(text: string, more: HeaderBlock): HeaderBlock {
  return [
    'Content-Type',
    'text/plain',
    'Content-Length',
    String(Buffer.byteLength(text)),
    ...noSniff,
    ...more,
  ]
}

/** A whole answer as it goes over the wire, for where there is no request that Node could answer. */
export function rawAnswer(status: number, reason: string, text: string, more: HeaderBlock = []): string {
  const lines = [`HTTP/1.1 ${status} ${reason}`]
  const block = [...textHeaders(text, more), 'Connection', 'close']
  for (let index = 0; index < block.length; index += 2) lines.push(`${block[index]}: ${block[index + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n${text}`
}
