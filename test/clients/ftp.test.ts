import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { temporaryFolder } from '../support/folder.ts'
import { MemoryView, openFtp, withTls, type OpenFtp } from '../support/ftp.ts'
import { withProgram } from '../support/programs.ts'

/** Long enough for several pieces, and odd. */
const content = randomBytes(300_001)
const text = Buffer.from('ABKNAME001=Ä\r\nABKNUMBER001=4711\nlast line without an end')

type Way = 'passive' | 'extended passive' | 'active' | 'extended active'
type Encryption = 'none' | 'explicit' | 'implicit'

interface Job {
  door: OpenFtp
  host: string
  way: Way
  encryption: Encryption
  /** Folder the client works in. */
  folder: string
}

interface Client {
  program: string
  ways: readonly Way[]
  encryptions: readonly Encryption[]
  isIPv6: boolean
  /** Fetches `name` into the folder. */
  fetch(job: Job, name: string): Promise<unknown>
  /** Stores `name` of the folder. */
  store?(job: Job, name: string): Promise<unknown>
  /** Fetches what is missing of `name`, of which the folder has the beginning. */
  resume?(job: Job, name: string): Promise<unknown>
}

const run = (program: string, args: readonly string[], cwd: string, input?: string) =>
  execa(program, args, { cwd, timeout: 60_000, ...(input === undefined ? { stdin: 'ignore' } : { input }) })

const portOf = ({ door, encryption }: Job) => (encryption === 'implicit' ? door.tlsPort : door.port)
const urlHost = (host: string) => (host.includes(':') ? `[${host}]` : host)

function curl(job: Job, args: readonly string[], name: string) {
  const ways: Record<Way, string[]> = {
    passive: ['--disable-epsv'],
    'extended passive': [],
    active: ['--ftp-port', '-', '--disable-eprt'],
    'extended active': ['--ftp-port', '-'],
  }
  const tls: Record<Encryption, string[]> = {
    none: [],
    explicit: ['--ssl-reqd', '--insecure'],
    implicit: ['--insecure'],
  }
  const scheme = job.encryption === 'implicit' ? 'ftps' : 'ftp'
  const url = `${scheme}://${urlHost(job.host)}:${portOf(job)}/${name}`
  return run('curl', ['-sS', '-m', '50', ...ways[job.way], ...tls[job.encryption], ...args, url], job.folder)
}

function lftp(job: Job, commands: string) {
  const settings = [
    'set net:timeout 20; set net:max-retries 1; set cmd:fail-exit true; set ssl:verify-certificate false',
    `set ftp:passive-mode ${job.way.endsWith('passive')}; set ftp:prefer-epsv ${job.way === 'extended passive'}`,
    `set ftp:ssl-allow ${job.encryption !== 'none'}; set ftp:ssl-force ${job.encryption !== 'none'}`,
    'set ftp:ssl-protect-data true',
  ]
  const scheme = job.encryption === 'implicit' ? 'ftps' : 'ftp'
  const where = `open -u anonymous,x ${scheme}://${urlHost(job.host)}:${portOf(job)}`
  return run('lftp', ['-c', `${settings.join('; ')}; ${where}; ${commands}`], job.folder)
}

function tnftp(job: Job, commands: string) {
  const script = `open ${job.host} ${portOf(job)}\nuser anonymous x\nbinary\n${commands}\nquit\n`
  const ways: Partial<Record<Way, string[]>> = { 'extended active': ['-A'], 'extended passive': ['-p'] }
  return run('tnftp', ['-n', '-v', ...(ways[job.way] ?? [])], job.folder, script)
}

function inetutils(job: Job, commands: string) {
  const passive = job.way === 'passive' ? 'passive\n' : ''
  const script = `open ${job.host} ${portOf(job)}\nuser anonymous x\n${passive}binary\n${commands}\nquit\n`
  return run('inetutils-ftp', ['-n', '-v'], job.folder, script)
}

const python = (job: Job, body: string) =>
  run('python3', ['-c', `${pythonLogin(job)}\n${body}\nftp.quit()\n`], job.folder)

const pythonLogin = ({ host, way, encryption, door }: Job) => `
import ftplib, os
ftp = ftplib.${encryption === 'none' ? 'FTP' : 'FTP_TLS'}(timeout=20)
ftp.connect(${JSON.stringify(host)}, ${door.port})
ftp.login('anonymous', 'x')
${encryption === 'none' ? '' : 'ftp.prot_p()'}
ftp.set_pasv(${way.endsWith('passive') ? 'True' : 'False'})`

const clients: Client[] = [
  {
    program: 'curl',
    ways: ['passive', 'extended passive', 'active', 'extended active'],
    encryptions: ['none', 'explicit', 'implicit'],
    isIPv6: true,
    fetch: (job, name) => curl(job, ['-o', name], name),
    store: (job, name) => curl(job, ['-T', name], name),
    resume: (job, name) => curl(job, ['-C', '-', '-o', name], name),
  },
  {
    program: 'lftp',
    ways: ['passive', 'extended passive', 'active'],
    encryptions: ['none', 'explicit', 'implicit'],
    isIPv6: true,
    fetch: (job, name) => lftp(job, `get ${name}`),
    store: (job, name) => lftp(job, `put ${name}`),
    resume: (job, name) => lftp(job, `get -c ${name}`),
  },
  {
    program: 'tnftp',
    ways: ['extended passive', 'extended active'],
    encryptions: ['none'],
    isIPv6: true,
    fetch: (job, name) => tnftp(job, `get ${name}`),
    store: (job, name) => tnftp(job, `put ${name}`),
    resume: (job, name) => tnftp(job, `reget ${name}`),
  },
  {
    program: 'inetutils-ftp',
    ways: ['passive', 'active'],
    encryptions: ['none'],
    isIPv6: false,
    fetch: (job, name) => inetutils(job, `get ${name}`),
    store: (job, name) => inetutils(job, `put ${name}`),
    resume: (job, name) => inetutils(job, `reget ${name}`),
  },
  {
    program: 'busybox',
    ways: ['passive'],
    encryptions: ['none'],
    isIPv6: false,
    fetch: ({ door, folder, host }, name) =>
      run('busybox', ['ftpget', '-P', String(door.port), host, name, name], folder),
    store: ({ door, folder, host }, name) =>
      run('busybox', ['ftpput', '-P', String(door.port), host, name, name], folder),
    resume: ({ door, folder, host }, name) =>
      run('busybox', ['ftpget', '-c', '-P', String(door.port), host, name, name], folder),
  },
  {
    program: 'wget',
    ways: ['passive', 'active'],
    encryptions: ['none', 'explicit', 'implicit'],
    isIPv6: true,
    fetch: (job, name) => wget(job, [], name),
    resume: (job, name) => wget(job, ['-c'], name),
  },
  {
    program: 'python3',
    ways: ['passive', 'active'],
    encryptions: ['none', 'explicit'],
    isIPv6: true,
    fetch: (job, name) =>
      python(job, `with open('${name}', 'wb') as f: ftp.retrbinary('RETR ${name}', f.write)`),
    store: (job, name) => python(job, `with open('${name}', 'rb') as f: ftp.storbinary('STOR ${name}', f)`),
    resume: (job, name) =>
      python(
        job,
        `with open('${name}', 'ab') as f: ftp.retrbinary('RETR ${name}', f.write, rest=os.path.getsize('${name}'))`,
      ),
  },
]

function wget(job: Job, args: readonly string[], name: string) {
  const active = job.way === 'active' ? ['--no-passive-ftp'] : []
  const tls: Record<Encryption, string[]> = {
    none: [],
    explicit: ['--no-check-certificate'],
    implicit: ['--no-check-certificate', '--ftps-implicit'],
  }
  const scheme = job.encryption === 'none' ? 'ftp' : 'ftps'
  const url = `${scheme}://${urlHost(job.host)}:${portOf(job)}/${name}`
  return run(
    'wget',
    ['-q', '-T', '20', '-t', '1', ...active, ...tls[job.encryption], ...args, url],
    job.folder,
  )
}

/** curl 7.88 hangs with TLS over an active connection, with any server (tried: vsftpd). */
const hangs = ({ program }: Client, way: Way, encryption: Encryption) =>
  program === 'curl' && encryption !== 'none' && way.endsWith('active')

async function open(t: TestContext, host: string): Promise<OpenFtp> {
  const view = new MemoryView('phone', { '/fetched.bin': content, '/empty.txt': '' })
  return openFtp(t, view, { settings: { ...withTls, addresses: [host] } })
}

async function works(t: TestContext, client: Client, settings: Omit<Job, 'door' | 'folder'>): Promise<void> {
  const door = await open(t, settings.host)
  const folder = await temporaryFolder(t)
  const job = { ...settings, door, folder }
  const path = (name: string) => join(folder, name)
  await client.fetch(job, 'fetched.bin')
  assert.ok((await readFile(path('fetched.bin'))).equals(content), 'fetched')
  if (client.resume !== undefined) {
    await writeFile(path('fetched.bin'), content.subarray(0, 100_000))
    await client.resume(job, 'fetched.bin')
    assert.ok((await readFile(path('fetched.bin'))).equals(content), 'resumed')
    assert.ok(
      door.outcomes.all.some(({ bytes }) => bytes === 200_001),
      'resumed from the middle',
    )
  }
  if (client.store === undefined) return
  for (const [name, bytes] of [
    ['4620data.txt', text],
    ['large.bin', content],
    ['none.txt', Buffer.alloc(0)],
  ] as const) {
    await writeFile(path(name), bytes)
    await client.store(job, name)
    assert.ok(door.view.files.get(`/${name}`)?.equals(bytes), name)
  }
}

for (const client of clients) {
  for (const encryption of client.encryptions) {
    for (const way of client.ways) {
      if (hangs(client, way, encryption)) continue
      const how = encryption === 'none' ? 'in the clear' : `with ${encryption} TLS`
      test(
        `${client.program} fetches, resumes and stores over ${way} connections, ${how}`,
        withProgram(client.program),
        (t) => works(t, client, { host: '127.0.0.1', way, encryption }),
      )
    }
  }
  const way = client.ways.find((each) => each !== 'passive')
  if (client.isIPv6 && way !== undefined) {
    test(`${client.program} works over IPv6`, withProgram(client.program), (t) =>
      works(t, client, { host: '::1', way, encryption: 'none' }),
    )
  }
}

/** What each client makes of a folder with a file and a folder in it, as the super user. */
const listings: [program: string, list: (job: Job) => Promise<{ stdout: string }>][] = [
  ['curl', (job) => curl(job, ['-l', '-u', 'mvuser:right'], '')],
  ['lftp', (job) => lftp(job, 'user mvuser right; cls -1')],
  ['tnftp', (job) => tnftp(job, 'user mvuser right\nls')],
  ['inetutils-ftp', (job) => inetutils(job, 'user mvuser right\nls')],
  [
    'python3',
    (job) =>
      python(job, 'ftp.login("mvuser", "right")\nprint(sorted(n for n, f in ftp.mlsd()), ftp.nlst("*.txt"))'),
  ],
]
for (const [program, list] of listings) {
  test(`${program} lists a folder`, withProgram(program), async (t) => {
    const door = await openFtp(t, new MemoryView())
    const view = door.logins.superUser as MemoryView
    view.files.set('/4711_4620data.txt', text)
    view.folders.add('/hall')
    const way = program === 'inetutils-ftp' ? 'active' : 'extended passive'
    const folder = await temporaryFolder(t)
    const { stdout } = await list({ door, folder, host: '127.0.0.1', way, encryption: 'none' })
    assert.match(stdout, /4711_4620data\.txt/)
    assert.match(stdout, /\bhall\b/)
  })
}

test('inetutils-ftp and tnftp get several files by a pattern', withProgram('tnftp'), async (t) => {
  const files = { '/a1.txt': 'one', '/a2.txt': 'two', '/b.bin': 'three' }
  const door = await openFtp(t, new MemoryView('phone', files))
  for (const client of [tnftp, inetutils]) {
    const folder = await temporaryFolder(t)
    const way = client === tnftp ? 'extended passive' : 'active'
    await client({ door, folder, host: '127.0.0.1', way, encryption: 'none' }, 'prompt\nmget a*.txt')
    assert.equal(await readFile(join(folder, 'a1.txt'), 'utf8'), 'one')
    assert.equal(await readFile(join(folder, 'a2.txt'), 'utf8'), 'two')
    await assert.rejects(readFile(join(folder, 'b.bin')))
  }
})

test(
  "d52: an abort of Python's ftplib, whose last byte is lost, ends the transfer",
  withProgram('python3'),
  async (t) => {
    const door = await open(t, '127.0.0.1')
    const job: Job = {
      door,
      folder: await temporaryFolder(t),
      host: '127.0.0.1',
      way: 'passive',
      encryption: 'none',
    }
    const { stdout } = await python(
      job,
      `conn = ftp.transfercmd('STOR broken.txt')
conn.sendall(b'half')
print(ftp.abort())
conn.close()
print(ftp.getmultiline())
print(ftp.pwd())`,
    )
    assert.deepEqual(
      stdout.split('\n').map((line) => line.slice(0, 3)),
      ['426', '226', '/'],
    )
    assert.deepEqual([...door.view.files.keys()], ['/fetched.bin', '/empty.txt'])
    assert.equal(door.view.openUploads, 0)
  },
)

test('lftp, curl and Python keep folders as the super user', withProgram('lftp'), async (t) => {
  const door = await openFtp(t, new MemoryView())
  const view = door.logins.superUser as MemoryView
  const job: Job = {
    door,
    folder: await temporaryFolder(t),
    host: '127.0.0.1',
    way: 'passive',
    encryption: 'none',
  }
  await writeFile(join(job.folder, 'a.txt'), text)
  await lftp(job, 'user mvuser right; mkdir data; cd data; put a.txt; mv a.txt b.txt; ls')
  assert.ok(view.files.get('/data/b.txt')?.equals(text))
  await curl(job, ['-u', 'mvuser:right', '-T', 'a.txt', '--append'], 'data/b.txt')
  assert.ok(view.files.get('/data/b.txt')?.equals(Buffer.concat([text, text])))
  await python(
    job,
    'ftp.login("mvuser", "right")\nftp.cwd("data")\nftp.delete("b.txt")\nftp.cwd("/")\nftp.rmd("data")',
  )
  assert.deepEqual([view.files.size, [...view.folders]], [0, ['/']])
})

test('clients say what was refused', withProgram('curl'), async (t) => {
  const door = await open(t, '127.0.0.1')
  const folder = await temporaryFolder(t)
  const job: Job = { door, folder, host: '127.0.0.1', way: 'extended passive', encryption: 'none' }
  await writeFile(join(folder, 'x'), 'x')
  await assert.rejects(curl(job, ['-o', 'absent'], 'absent'), { exitCode: 78 }) // CURLE_REMOTE_FILE_NOT_FOUND
  await assert.rejects(curl(job, ['-T', 'x'], 'forbidden.txt'), { exitCode: 25 }) // CURLE_UPLOAD_FAILED
  await assert.rejects(curl(job, ['-u', 'mvuser:wrong', '-o', 'a'], 'fetched.bin'), { exitCode: 67 }) // CURLE_LOGIN_DENIED
})
