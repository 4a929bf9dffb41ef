import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { runComponents, type Component, type RunOptions } from '../../../lib/base/component.ts'
import { silentLog, type Log } from '../../../lib/base/log.ts'
import { runScript } from '../../support/script.ts'

const never = new Promise<never>(() => {})

/** A run with its diary: what was started, stopped and logged, in order. */
class Run {
  readonly diary: string[] = []
  readonly #stop = new AbortController()

  /** A part that writes into the diary; `own` replaces what it does. */
  part(name: string, own: Partial<Component> = {}): Component {
    return {
      name,
      start: async (fail) => {
        this.diary.push(`start ${name}`)
        await own.start?.(fail)
      },
      stop: async (grace) => {
        this.diary.push(`stop ${name}`)
        await own.stop?.(grace)
      },
    }
  }

  askToStop(): void {
    this.diary.push('stop asked')
    this.#stop.abort()
  }

  components(parts: readonly Component[], options: Partial<RunOptions> = {}): Promise<void> {
    const note = ({ component }: { component: string }, event: string) =>
      this.diary.push(`${component}: ${event}`)
    const log = Object.assign(Object.create(silentLog), { error: note }) as Log
    return runComponents(parts, { until: this.#stop.signal, graceMs: 10_000, log, ...options })
  }
}

test('parts start in order, one after the other, and stop in reverse', async () => {
  const run = new Run()
  const slow = run.part('slow', {
    async start() {
      await new Promise(setImmediate)
      run.diary.push('slow is up')
    },
  })
  await run.components([slow, run.part('second'), run.part('third')], {
    ready() {
      run.diary.push('ready')
      run.askToStop()
    },
  })
  assert.deepEqual(run.diary, [
    'start slow',
    'slow is up',
    'start second',
    'start third',
    'ready',
    'stop asked',
    'stop third',
    'stop second',
    'stop slow',
  ])
})

test('each part is stopped before the next one is asked', async () => {
  const run = new Run()
  const slow = run.part('slow', {
    async stop() {
      await new Promise(setImmediate)
      run.diary.push('slow is down')
    },
  })
  await run.components([run.part('first'), slow], { ready: () => run.askToStop() })
  assert.deepEqual(run.diary.slice(3), ['stop slow', 'slow is down', 'stop first'])
})

test('a part that cannot start stops what was started and itself, and is the cause', async () => {
  const run = new Run()
  const broken = run.part('broken', {
    async start() {
      throw new Error('no port')
    },
  })
  await assert.rejects(run.components([run.part('first'), broken, run.part('later')]), new Error('no port'))
  assert.deepEqual(run.diary, ['start first', 'start broken', 'stop broken', 'stop first'])
})

test('a part that throws instead of returning a promise is treated the same', async () => {
  const run = new Run()
  const broken: Component = {
    name: 'broken',
    start() {
      throw new Error('no port')
    },
    async stop() {
      run.diary.push('stop broken')
    },
  }
  await assert.rejects(run.components([run.part('first'), broken]), new Error('no port'))
  assert.deepEqual(run.diary, ['start first', 'stop broken', 'stop first'])
})

test('a part that breaks later stops them all, and is the cause', async () => {
  const run = new Run()
  let breakIt = (_reason: unknown) => {}
  const frail = run.part('frail', {
    async start(fail) {
      breakIt = fail
    },
  })
  await assert.rejects(
    run.components([frail, run.part('second')], { ready: () => breakIt(new Error('disk gone')) }),
    new Error('disk gone'),
  )
  assert.deepEqual(run.diary, ['start frail', 'start second', 'stop second', 'stop frail'])
})

test('a part that breaks while a later one starts ends that wait too', async () => {
  const run = new Run()
  let breakIt = (_reason: unknown) => {}
  const frail = run.part('frail', {
    async start(fail) {
      breakIt = fail
    },
  })
  const endless = run.part('endless', {
    start: () => {
      breakIt(new Error('disk gone'))
      return Promise.race([never, stopped.promise])
    },
    stop: async () => stopped.resolve(),
  })
  const stopped = Promise.withResolvers<void>()
  await assert.rejects(run.components([frail, endless, run.part('later')]), new Error('disk gone'))
  assert.deepEqual(run.diary.slice(0, 4), ['start frail', 'start endless', 'stop endless', 'stop endless'])
  assert.equal(run.diary.at(-1), 'stop frail')
})

test('of several failures the first one is the cause', async () => {
  const run = new Run()
  const twice = run.part('twice', {
    async start(fail) {
      fail(new Error('first'))
      fail(new Error('second'))
    },
    async stop() {
      throw new Error('third')
    },
  })
  await assert.rejects(run.components([twice]), new Error('first'))
  assert.deepEqual(run.diary, ['start twice', 'stop twice', 'twice: component did not stop'])
})

test('a stop asked for while a part starts starts no more, and is no failure', async () => {
  const run = new Run()
  const starting = run.part('starting', { start: async () => run.askToStop() })
  await run.components([run.part('first'), starting, run.part('later')], {
    ready: () => run.diary.push('ready'),
  })
  assert.deepEqual(run.diary, ['start first', 'start starting', 'stop asked', 'stop starting', 'stop first'])
})

test('a stop asked for while the last part starts is not told to be ready', async () => {
  const run = new Run()
  const starting = run.part('starting', { start: async () => run.askToStop() })
  await run.components([starting], { ready: () => run.diary.push('ready') })
  assert.deepEqual(run.diary, ['start starting', 'stop asked', 'stop starting'])
})

test('a stop asked for before the start starts nothing', async () => {
  const run = new Run()
  run.askToStop()
  await run.components([run.part('first')], { ready: () => run.diary.push('ready') })
  assert.deepEqual(run.diary, ['stop asked'])
})

test('a start that ends only when it is told to is told, and its late failure harms nobody', async () => {
  const run = new Run()
  const stopped = Promise.withResolvers<void>()
  const waiting = run.part('waiting', {
    start() {
      run.askToStop()
      return stopped.promise
    },
    stop: async () => stopped.reject(new Error('start was broken off')),
  })
  await run.components([waiting])
  assert.deepEqual(run.diary, ['start waiting', 'stop asked', 'stop waiting'])
})

test('a part that came up after it was asked to stop is asked again, before the others are', async () => {
  const run = new Run()
  const late = run.part('late', {
    async start() {
      run.askToStop()
      await new Promise(setImmediate)
      run.diary.push('late is up')
    },
  })
  await run.components([run.part('first'), late])
  assert.deepEqual(run.diary, [
    'start first',
    'start late',
    'stop asked',
    'stop late',
    'late is up',
    'stop late',
    'stop first',
  ])
})

test('parts that fail to stop, or never do, are logged and keep no other from stopping', async () => {
  const run = new Run()
  const throwing: Component = {
    name: 'throwing',
    start: async () => {},
    stop() {
      throw new Error('no')
    },
  }
  const hanging = run.part('hanging', { stop: () => never })
  await run.components([run.part('first'), throwing, hanging, run.part('last')], {
    graceMs: 1,
    ready: () => run.askToStop(),
  })
  assert.deepEqual(run.diary.slice(4), [
    'stop last',
    'stop hanging',
    'hanging: component did not stop',
    'throwing: component did not stop',
    'stop first',
  ])
})

test('all parts share one grace: whoever comes after it was used up is told to cut at once', async () => {
  const run = new Run()
  const signals: AbortSignal[] = []
  const using = run.part('using', {
    stop: async (grace) => {
      signals.push(grace)
      await new Promise((resolve) => grace.addEventListener('abort', resolve))
    },
  })
  const after = run.part('after', {
    stop: async (grace) => {
      signals.push(grace)
      run.diary.push(`grace is over: ${grace.aborted}`)
    },
  })
  await run.components([after, using], { graceMs: 1, ready: () => run.askToStop() })
  assert.equal(signals[0], signals[1])
  assert.equal(run.diary.at(-1), 'grace is over: true')
})

test('a part that waits for the end of the grace period does not let the process end before the others are stopped', async (t) => {
  const { stdout } = await runScript(
    t,
    `import { runComponents } from 'LIB/base/component.ts'
    import { silentLog } from 'LIB/base/log.ts'
    const stop = new AbortController()
    const first = { name: 'first', start: async () => {}, stop: async () => console.log('first stopped') }
    const waiting = {
      name: 'waiting',
      start: async () => {},
      stop: (grace) => new Promise((resolve) => grace.addEventListener('abort', resolve)),
    }
    const options = { until: stop.signal, graceMs: 50, log: silentLog, ready: () => stop.abort() }
    await runComponents([first, waiting], options)`,
  )
  assert.equal(stdout, 'first stopped\n')
})

test('the end leaves no timer behind, and no listener on the stop request', async () => {
  const { signal } = new AbortController()
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const before = timers()
  const frail: Component = {
    name: 'frail',
    start: async (fail) => fail(new Error('disk gone')),
    stop: async () => {},
  }
  await assert.rejects(runComponents([frail], { until: signal, graceMs: 60_000, log: silentLog }))
  assert.equal(timers(), before)
  assert.deepEqual(getEventListeners(signal, 'abort'), [])
})
