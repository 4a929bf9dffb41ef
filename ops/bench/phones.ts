#!/usr/bin/env node
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { listenForStop, programArguments, runProgram } from '../../lib/base/process.ts'
import { bootFleet, type FleetRun } from './boot-fleet.ts'
import { fleetFiles, makeFleet } from './fleet.ts'
import { failed, fleetLines } from './fleet-table.ts'
import { worstLag } from './loop-lag.ts'
import { watch } from './measure.ts'
import { startServer, type Started } from './servers.ts'
import { makeSite, noise } from './site.ts'

/**
 * Boots a simulated fleet against our file server and compares every file by hash; ends with 1 if one is wrong.
 *   node ops/bench/phones.ts [--phones N] [--ramp SECONDS] [--limit SECONDS] [--json FILE]
 */
runProgram(main, (error) => console.error(error instanceof Error ? error.message : error))

async function main(): Promise<number> {
  const { phones, ramp, limit, json } = readArguments()
  const files = new Map(Object.entries(fleetFiles).map(([name, bytes]) => [name, noise(bytes)]))
  const stop = listenForStop()
  const site = await makeSite(files)
  const server = await startServer('twintone', { site, folder: site.folder, unpacked: '' })
  try {
    console.log(`\nPHONES: ${phones} phones, which begin to boot within ${ramp} s`)
    const run: FleetRun = {
      at: doorsOf(server),
      hashes: new Map([...files].map(([name, content]) => [name, sha256(content)])),
      rampSeconds: ramp,
      until: AbortSignal.any([stop.signal, AbortSignal.timeout(limit * 1_000)]),
    }
    const outcome = await runFleet(server, phones, run)
    console.log(`${fleetLines(outcome.boots)}\n${costs(outcome)}`)
    if (json !== undefined) await writeFile(json, JSON.stringify(outcome))
    return outcome.boots.some(failed) ? 1 : 0
  } finally {
    await server.stop()
    await site.remove()
    stop.dispose()
  }
}

function readArguments() {
  const { values } = parseArgs({
    args: programArguments(),
    options: {
      phones: { type: 'string', default: '2000' },
      ramp: { type: 'string', default: '20' },
      limit: { type: 'string', default: '300' },
      json: { type: 'string' },
    },
  })
  const [phones, ramp, limit] = [Number(values.phones), Number(values.ramp), Number(values.limit)]
  if (!(phones >= 1 && ramp >= 0 && limit > 0)) throw new Error('--phones, --ramp and --limit: numbers')
  return { phones, ramp, limit, json: values.json }
}

function doorsOf({ at }: Started): FleetRun['at'] {
  if (at.http === undefined || at.https === undefined || at.tftp === undefined)
    throw new Error('a door is closed')
  return { http: at.http, https: at.https, tftp: at.tftp }
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

type Outcome = Awaited<ReturnType<typeof runFleet>>

async function runFleet(server: Started, phones: number, run: FleetRun) {
  const over = new AbortController()
  const lag = worstLag(server.at.status, over.signal)
  const startedAt = performance.now()
  const watched = await watch(server, async () => ({ boots: await bootFleet(makeFleet(phones), run) }))
  const seconds = (performance.now() - startedAt) / 1_000
  over.abort()
  return { ...watched, seconds, loopLagMs: await lag }
}

function costs({ boots, seconds, memoryMb, cores, loopLagMs }: Outcome): string {
  const files = boots.flatMap((boot) => boot.files)
  const rate = `${files.length} files in ${seconds.toFixed(1)} s, ${files.filter(failed).length} of them wrong`
  const cost = `server: ${memoryMb.toFixed(0)} MB at most, ${(cores * seconds).toFixed(1)} CPU seconds`
  const late =
    loopLagMs === undefined
      ? ''
      : `, event loop late by ${loopLagMs.p99} ms (p99), ${loopLagMs.max} ms at most`
  return `${rate}\n${cost}${late}`
}
