#!/usr/bin/env node
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { isRoot, listenForStop, programArguments, runProgram } from '../../lib/base/process.ts'
import { cases, fileSizes, groups, type Case } from './cases.ts'
import { pinned } from './launch.ts'
import { compileGenerators, shortened } from './load.ts'
import { measure } from './measure.ts'
import { reportOf, type CaseReport } from './report.ts'
import { makeSite, noise } from './site.ts'
import { caseLines, verdict } from './table.ts'

const unpacked = join(import.meta.dirname, '../../var/bench/peers')
const parts = [...groups, 'phones'] as const

/**
 * Compares our file server with others, side by side on this machine (README.md).
 *   node ops/bench/bench.ts [--only tftp|http|tls|ftp|phones] [--match TITLE] [--rounds N] [--quick] [--json FILE]
 */
runProgram(main, (error) => console.error(error instanceof Error ? error.message : error))

async function main(): Promise<number> {
  const { only, match, rounds, quick, json } = readArguments()
  if (!isRoot())
    throw new Error(
      'bench: tftpd-hpa and vsftpd change their root and dnsmasq serves port 69 only: run this as root',
    )
  await execa('sh', [join(import.meta.dirname, 'install.sh'), unpacked], { stdio: 'inherit' })
  const chosen = cases.filter(
    ({ group, title }) => (only === undefined || only === group) && title.includes(match),
  )
  const reports = await compare(quick ? chosen.map(quickly) : chosen, rounds)
  if (reports.length > 0) console.log(verdict(reports))
  if (json !== undefined)
    await writeFile(json, JSON.stringify({ ...machine(), rounds, reports }, undefined, 2))
  const failed = reports.some(({ servers }) =>
    servers.some(({ server, failures }) => server === 'twintone' && failures > 0),
  )
  const withPhones = only === 'phones' || (only === undefined && match === '')
  const phonesCode = withPhones ? await runPhones(quick) : 0
  return failed ? 1 : phonesCode
}

function readArguments() {
  const { values } = parseArgs({
    args: programArguments(),
    options: {
      only: { type: 'string' },
      match: { type: 'string', default: '' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  })
  const only = parts.find((part) => part === values.only)
  if (values.only !== undefined && only === undefined) throw new Error(`--only: one of ${parts.join(', ')}`)
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds: a whole number from 1')
  return { only, match: values.match, rounds, quick: values.quick, json: values.json }
}

async function compare(chosen: readonly Case[], rounds: number): Promise<CaseReport[]> {
  if (chosen.length === 0) return []
  const stop = listenForStop()
  const site = await makeSite(new Map(Object.entries(fileSizes).map(([name, bytes]) => [name, noise(bytes)])))
  try {
    const bench = {
      place: { site, unpacked },
      generators: await compileGenerators(site.folder),
      rounds,
      until: stop.signal,
      progress,
    }
    const reports: CaseReport[] = []
    for (const aCase of chosen) {
      const report = reportOf(aCase, await measure(aCase, bench))
      progress('')
      console.log(caseLines(report))
      reports.push(report)
    }
    return reports
  } catch (cause) {
    throw stop.signal.aborted ? new Error('bench: stopped', { cause }) : cause
  } finally {
    await site.remove()
    stop.dispose()
  }
}

/** A look whether everything works, in a minute: too short to judge by. */
const quickly = (aCase: Case): Case => ({ ...aCase, load: shortened(aCase.load, { parts: 4, seconds: 1 }) })

/** One line that is written over, on a terminal only. */
function progress(text: string) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

const machine = () => ({ cores: cpus().length, processor: cpus()[0]?.model ?? '', node: process.version })

async function runPhones(quick: boolean): Promise<number> {
  const args = [join(import.meta.dirname, 'phones.ts'), ...(quick ? ['--phones', '200', '--ramp', '5'] : [])]
  const { exitCode } = await execa(...pinned('generator', process.execPath, args), {
    stdio: 'inherit',
    reject: false,
  })
  return exitCode ?? 1
}
