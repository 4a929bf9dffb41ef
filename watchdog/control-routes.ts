import type { FastifyInstance } from 'fastify'
import type { Clock } from '../lib/base/clock.ts'
import type { Telling } from './alerts/telling.ts'
import type { Watchdog } from './watchdog.ts'

export interface ControlParts {
  watchdog: Watchdog
  telling: Telling
  clock: Clock
}

interface Quieting {
  incident: string
  by: string
  /** Absent: acknowledged, until it is over. */
  minutes?: number
}

/** What the command line and the console may ask of a running watchdog. */
export function watchdogRoutes({ watchdog, telling, clock }: ControlParts): (app: FastifyInstance) => void {
  return (app) => {
    app.get('/status', () => ({ ...watchdog.view(), channels: telling.status() }))
    app.post('/test-alert', () => telling.test())
    app.post<{ Querystring: { name: string } }>('/probe', async ({ query }, reply) => {
      const finding = await watchdog.probeNow(query.name)
      if (finding !== undefined) return finding
      const names = watchdog.view().probes.map(({ name }) => name)
      return reply
        .code(404)
        .send({ message: `there is no probe ${query.name}; there are ${names.join(', ')}` })
    })
    app.post<{ Body: { minutes: number; why: string } }>('/maintenance', ({ body: { minutes, why } }) => {
      watchdog.happen({ type: 'maintenance on', untilMs: clock.now() + minutes * 60_000, why })
      return { minutes, why }
    })
    app.delete('/maintenance', () => {
      watchdog.happen({ type: 'maintenance off' })
      return { maintenance: false }
    })
    app.post<{ Body: Quieting }>('/quiet', ({ body: { incident, by, minutes } }, reply) => {
      const { open } = watchdog.view()
      if (!open.some(({ id }) => id === incident))
        return reply.code(404).send({ message: `there is no open incident ${incident}` })
      if (minutes === undefined) watchdog.happen({ type: 'acknowledge', incident, by })
      else watchdog.happen({ type: 'snooze', incident, untilMs: clock.now() + minutes * 60_000, by })
      return { incident }
    })
  }
}
