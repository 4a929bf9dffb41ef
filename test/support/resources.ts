import { readdirSync } from 'node:fs'

/** Open files and sockets of this process. */
export const descriptors = (): number => readdirSync('/proc/self/fd').length

/** Sockets, timers and requests that keep this process alive. */
export const resources = (): number => process.getActiveResourcesInfo().length
