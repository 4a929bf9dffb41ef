import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, importsOf, readSources, type Source } from './support/sources.ts'

/**
 * Who may import whom, and what must be absent where (ARCHITECTURE.md), as tables. A file belongs to the longest
 * folder it lies in; a folder may import itself. Cycles are the linter's job.
 */

const doors = ['lib/files', 'lib/phones', 'lib/status', 'lib/tls', 'lib/base']

const mayImport: Record<string, readonly string[]> = {
  'lib/base': [],
  'lib/phones': ['lib/base'],
  'lib/status': ['lib/base'],
  'lib/tls': ['lib/status', 'lib/base'],
  'lib/files': ['lib/phones', 'lib/base'],
  'lib/users': ['lib/files', 'lib/phones', 'lib/base'],
  'lib/offsite': ['lib/files', 'lib/base'],
  'lib/http': doors,
  'lib/tftp': doors,
  'lib/ftp': doors,
  'lib/firmware': ['lib/files', 'lib/base'],
  'lib/central': ['lib/files', 'lib/base'],
  ha: ['lib/users', 'lib/files', 'lib/base'],
  watchdog: ['lib/base'],
  'ops/console': ['lib/status', 'lib/base'],
  'ops/deploy': ['lib/base'],
  // The pair's network in namespaces is the tests'.
  'ops/bench': ['lib/base', 'test'],
}

/** Each package, and the files that know it: its surprises have an address. Tests and load generators are free. */
const packages: Record<string, readonly string[]> = {
  '@peculiar/x509': ['lib/base/x509.ts'],
  'basic-ftp': ['lib/offsite/ftp-client.ts'],
  etcd3: ['ha/etcd/connection.ts'],
  execa: ['lib/base/run-hook.ts'],
  fastify: [
    'cmd/control-routes.ts',
    'cmd/pair-routes.ts',
    'cmd/user-data-routes.ts',
    'cmd/watchdog-routes.ts',
    'ha/agent/health-server.ts',
    'ha/agent/routes.ts',
    'lib/base/control-socket.ts',
    'lib/http/listener.ts',
    'lib/status/status-server.ts',
    'watchdog/control-routes.ts',
    'watchdog/status-server.ts',
  ],
  'ipaddr.js': ['lib/phones/address.ts'],
  leven: ['lib/base/complaint.ts'],
  'net-snmp': ['lib/phones/snmp.ts', 'watchdog/alerts/trap.ts', 'watchdog/probes/phone-stub.ts'],
  nodemailer: ['watchdog/alerts/mail.ts'],
  pino: ['lib/base/log.ts'],
  'prom-client': ['ha/agent/metrics.ts', 'lib/status/metrics.ts', 'watchdog/metrics.ts'],
  'rotating-file-stream': ['lib/base/log-file.ts'],
  'smol-toml': [
    'lib/base/config-docs.ts',
    'lib/base/config-overrides.ts',
    'lib/base/config-place.ts',
    'lib/base/load-config.ts',
  ],
  zod: [
    'lib/base/config.ts',
    'lib/base/config-leaves.ts',
    'lib/base/load-config.ts',
    'lib/base/settings/downloads.ts',
    'lib/base/settings/fields.ts',
    'lib/base/settings/ftp.ts',
    'lib/base/settings/pair-timing.ts',
    'lib/base/settings/pair.ts',
    'lib/base/settings/snmp.ts',
    'lib/base/settings/user-data.ts',
    'lib/base/settings/watchdog.ts',
  ],
}

/** Told what happened and when, they answer what to do: no node: module, no clock, no chance, no log. */
const pure = [
  'cmd/import/ini.ts',
  'cmd/import/rules.ts',
  'ha/drill/gaps.ts',
  'ha/drill/report.ts',
  'ha/role/campaign.ts',
  'ha/role/draft.ts',
  'ha/role/hearing.ts',
  'ha/role/learning.ts',
  'ha/role/leaving.ts',
  'ha/role/moves.ts',
  'ha/role/role.ts',
  'ha/role/serving.ts',
  'ha/role/state.ts',
  'ha/role/timing.ts',
  'ha/etcd/keys.ts',
  'ha/etcd/picture.ts',
  'ha/heartbeat/authkeys.ts',
  'ha/heartbeat/directives.ts',
  'ha/link/ends.ts',
  'ha/link/messages.ts',
  'ha/link/sessions.ts',
  'ha/mirror/differences.ts',
  'ha/mirror/layout.ts',
  'ha/mirror/manifest.ts',
  'ha/mirror/plan.ts',
  'ha/mirror/wire/report.ts',
  'ha/mirror/wire/token-bucket.ts',
  'ha/replica/durability.ts',
  'ha/replica/frames.ts',
  'ha/replica/messages.ts',
  'ha/replica/pieces.ts',
  'ha/vip/announcements.ts',
  'ha/vip/claims.ts',
  'lib/base/attempts.ts',
  'lib/base/import/verdict.ts',
  'lib/base/printable.ts',
  'lib/files/admission.ts',
  'lib/files/file-kind.ts',
  'lib/files/file-name.ts',
  'lib/files/policy.ts',
  'lib/files/probe-files.ts',
  'lib/ftp/arguments.ts',
  'lib/ftp/command-reader.ts',
  'lib/ftp/file-commands.ts',
  'lib/ftp/glob.ts',
  'lib/ftp/listing.ts',
  'lib/ftp/machine.ts',
  'lib/ftp/paths.ts',
  'lib/ftp/replies.ts',
  'lib/ftp/results.ts',
  'lib/ftp/session-commands.ts',
  'lib/ftp/transfer-commands.ts',
  'lib/ftp/verbs.ts',
  'lib/http/asked-name.ts',
  'lib/http/conditional.ts',
  'lib/http/framing.ts',
  'lib/http/headers.ts',
  'lib/http/pace.ts',
  'lib/http/turns.ts',
  'lib/offsite/failure.ts',
  'lib/offsite/schedule.ts',
  'lib/offsite/target.ts',
  'lib/phones/address-list.ts',
  'lib/phones/address.ts',
  'lib/phones/basic-authorization.ts',
  'lib/phones/families.ts',
  'lib/phones/identity.ts',
  'lib/phones/why-unanswered.ts',
  'lib/base/html.ts',
  'lib/tftp/netascii.ts',
  'lib/tftp/options.ts',
  'lib/tftp/packet.ts',
  'lib/tftp/read-transfer.ts',
  'lib/tftp/request-rate.ts',
  'lib/tftp/round-trip.ts',
  'lib/users/archive/as-of.ts',
  'lib/users/archive/manifest.ts',
  'lib/users/archive/month.ts',
  'lib/users/backup-text.ts',
  'lib/users/names.ts',
  'lib/users/store/histories.ts',
  'lib/users/store/name-locks.ts',
  'lib/users/store/recent.ts',
  'lib/users/store/reigns.ts',
  'lib/users/store/shared-sync.ts',
  'lib/users/store/steps.ts',
  'watchdog/alerts/digest.ts',
  'watchdog/alerts/failure.ts',
  'watchdog/alerts/held-back.ts',
  'watchdog/alerts/plain.ts',
  'watchdog/alerts/queue-rules.ts',
  'watchdog/alerts/quiet-hours.ts',
  'watchdog/alerts/syslog-line.ts',
  'watchdog/draft.ts',
  'watchdog/events.ts',
  'watchdog/flapping.ts',
  'watchdog/history.ts',
  'watchdog/incidents.ts',
  'watchdog/judging.ts',
  'watchdog/latency.ts',
  'watchdog/mending.ts',
  'watchdog/messages.ts',
  'watchdog/notices.ts',
  'watchdog/remedies.ts',
  'watchdog/remedy.ts',
  'watchdog/rules.ts',
  'watchdog/settling.ts',
  'watchdog/supervision.ts',
  'watchdog/supervisor.ts',
  'watchdog/verdict.ts',
]
const impure =
  /\b(?:Date\.now|performance\s*\.|Math\.random|process\s*\.|console\s*\.|setTimeout|setInterval|setImmediate|new Date\(\s*\))/

/** Programs are run here and nowhere else: those that end, by execa, and the one that stays. */
const runsPrograms = ['lib/base/child-program.ts']

/** What a door may read from disk: never what phones ask for. */
const doorsAtTheDisk: Record<string, string> = {
  'lib/tftp/local-addresses.ts': "/proc: the machine's addresses",
}

/** Words of the pair that lib does not know, and where one means something else. */
const wordsOfThePair: Record<string, readonly string[]> = {
  election: [],
  vip: ['lib/base/settings/', 'lib/base/load-config.ts'], // the one table of settings has the pair's, too
  peer: ['lib/tftp/'], // there it is the other end of a packet's way
}

const sources = readSources(['cmd', 'lib', 'ha', 'watchdog', 'ops'])
const programs = sources.filter(({ path }) => !path.startsWith('ops/bench/'))
const below = (...folders: string[]) =>
  sources.filter(({ path }) => folders.some((folder) => path.startsWith(`${folder}/`)))

test('each folder imports only what its row allows, and nobody imports cmd', () => {
  const breaches = sources
    .filter(({ path }) => !path.startsWith('cmd/'))
    .flatMap(({ path, imports }) => {
      const folder = folderOf(path)
      const allowed = [folder, ...(mayImport[folder] ?? [])]
      return imports
        .filter(({ target }) => isOurs(target) && !allowed.includes(folderOf(target)))
        .map(({ target }) => `${path} imports ${target}`)
    })
  assert.deepEqual(breaches, [])
})

test('each file lies in a folder that has a row', () => {
  assert.deepEqual(
    sources
      .map(({ path }) => path)
      .filter((path) => !path.startsWith('cmd/') && mayImport[folderOf(path)] === undefined),
    [],
  )
})

test('each package is known only to the files of its row, and each row to those that import it', () => {
  const found: Record<string, string[]> = {}
  for (const { path, imports } of programs) {
    for (const name of new Set(
      imports.map(({ target }) => target).filter((target) => !isOurs(target) && !target.startsWith('node:')),
    )) {
      found[name] = [...(found[name] ?? []), path]
    }
  }
  const sorted = (table: Record<string, readonly string[]>) =>
    Object.fromEntries(Object.entries(table).map(([name, paths]) => [name, paths.toSorted()]))
  assert.deepEqual(sorted(found), sorted(packages))
})

for (const path of pure) {
  test(`${path} is pure, and so is what it runs on`, () => {
    for (const file of reachedFrom(path)) {
      assert.deepEqual(
        file.imports.map(({ target }) => target).filter((target) => target.startsWith('node:')),
        [],
        file.path,
      )
      assert.doesNotMatch(file.code, impure, file.path)
    }
    assert.ok(!reachedFrom(path)[0]?.imports.some(({ target }) => target === 'lib/base/log.ts'), 'it logs')
  })
}

test('the process is read in cmd and in lib/base/process.ts only', () => {
  const breaches = programs.filter(
    ({ path, code, imports }) =>
      !path.startsWith('cmd/') &&
      path !== 'lib/base/process.ts' &&
      (/\bprocess\s*(?:\?\.|\.)\s*(?:env|argv|exit)\b/.test(code) ||
        imports.some(({ target }) => target === 'node:process')),
  )
  assert.deepEqual(
    breaches.map(({ path }) => path),
    [],
  )
})

test('programs are run in lib/base/run-hook.ts and child-program.ts only, so that none gets a shell', () => {
  const runners = programs.filter(({ imports }) =>
    imports.some(({ target }) => /^(?:node:)?child_process$/.test(target)),
  )
  assert.deepEqual(
    runners.map(({ path }) => path),
    runsPrograms,
  )
})

test('doors never touch the disk, but for addresses', () => {
  const atTheDisk = below('lib/http', 'lib/tftp', 'lib/ftp').filter(({ imports }) =>
    imports.some(({ target }) => /^(?:node:)?fs(?:\/|$)/.test(target)),
  )
  assert.deepEqual(atTheDisk.map(({ path }) => path).toSorted(), Object.keys(doorsAtTheDisk).toSorted())
})

test('no module of lib has state when it is imported, but for what the settings schema says of itself', () => {
  const breaches = below('lib').filter(({ code }) => /^(?:export )?(?:let|var)\b/m.test(code))
  assert.deepEqual(
    breaches.map(({ path }) => path),
    ['lib/base/config-leaves.ts'],
  )
})

test('lib does not know that there is a pair', () => {
  const breaches = below('lib').flatMap(({ path, code }) =>
    Object.entries(wordsOfThePair)
      .filter(
        ([word, elsewhere]) =>
          wordsOf(code).has(word) && !elsewhere.some((folder) => path.startsWith(folder)),
      )
      .map(([word]) => `${path} speaks of ${word}`),
  )
  assert.deepEqual(breaches, [])
})

test('the reader sees every way to import', () => {
  const text =
    "import a, {\n  b,\n} from './b.ts'\nimport type { C } from '../c/c.ts'\nexport * from \"d\"\nimport 'node:e'\nawait import('../f.ts')\n"
  assert.deepEqual(importsOf('lib/x/y.ts', text), [
    { target: 'lib/x/b.ts', typeOnly: false },
    { target: 'lib/c/c.ts', typeOnly: true },
    { target: 'd', typeOnly: false },
    { target: 'node:e', typeOnly: false },
    { target: 'lib/f.ts', typeOnly: false },
  ])
})

test('comments and strings are not code, but what stands in a template is', () => {
  assert.equal(
    codeOf("a /* vip */ b // vip\n'vip' + \"v'ip\" + `${vip}`").replaceAll(/\s+/g, ' '),
    'a b + + `${vip}`',
  )
})

const isOurs = (target: string) => /^(?:cmd|lib|ha|watchdog|ops|test)\//.test(target)

/** `lib/base`, `ops/bench`, or the folder at the top: `ha`, `watchdog`, `cmd`. */
const folderOf = (path: string) => /^(?:lib|ops)\/[^/]+(?=\/)|^[^/]+/.exec(path)?.[0] ?? path

/** A file and all of ours that run with it, itself first. */
function reachedFrom(path: string): Source[] {
  const reached = new Map<string, Source>()
  const visit = (target: string) => {
    if (reached.has(target)) return
    const source = sources.find((each) => each.path === target)
    assert.ok(source, `there is no ${target}`)
    reached.set(target, source)
    for (const { target: next, typeOnly } of source.imports) if (isOurs(next) && !typeOnly) visit(next)
  }
  visit(path)
  return [...reached.values()]
}

/** The words that identifiers are made of: `peerAddress` has `peer` and `address`. */
const wordsOf = (code: string) =>
  new Set(
    code
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .split(/[^a-z]+/)
      .map((word) => word.replace(/s$/, '')),
  )
