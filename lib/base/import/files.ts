import { readFile, writeFile } from 'node:fs/promises'
import { CommandError } from '../command.ts'

/** Files of an old product, and the settings file that comes of them. */

const largest = 65_536

/**
 * UTF-8, otherwise Latin-1, which takes any bytes; Notepad's UTF-16 is known by its mark.
 * @param kind what it is to be, for the error: `MV_IPTel.ini`
 * @throws CommandError
 */
export async function readOldFile(file: string, kind: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new CommandError(`${file} cannot be read: ${messageOf(cause)}`, { cause })
  })
  if (bytes.length > largest) throw new CommandError(`${file} is longer than 64 KiB; ${kind} is a few KiB`)
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}

/** A file that exists is kept, unless it may be overwritten. @throws CommandError */
export async function writeSettings(
  file: string,
  toml: string,
  { force }: { force: boolean },
): Promise<void> {
  try {
    await writeFile(file, toml, { flag: force ? 'w' : 'wx', mode: 0o640 })
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    throw new CommandError(
      exists
        ? `${file} exists and is kept; --force overwrites it`
        : `${file} cannot be written: ${messageOf(cause)}`,
      { cause },
    )
  }
}

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))
