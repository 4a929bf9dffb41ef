import { html, type Html } from '../lib/base/html.ts'
import { page, pageStyle } from '../lib/base/page.ts'
import type { ChannelStatus } from './alerts/telling.ts'
import type { ClosedIncident, Incident } from './incidents.ts'
import type { ProbeView, View } from './supervision.ts'

/** The page of the watchdog. */

const look = pageStyle({
  widthRem: 80,
  bad: ['.down', '.critical'],
  doubtful: ['.suspect', '.recovering', '.flapping', '.blind', '.warning'],
})

export const styleSheet = `${look}.day { font: 10px/1 monospace; white-space: nowrap; letter-spacing: -1px }
`

export interface PageFacts {
  node: string
  view: View
  channels: readonly ChannelStatus[]
  refreshSeconds: number
}

export function watchdogPage({ node, view, channels, refreshSeconds }: PageFacts): string {
  const verdict = verdictOf(view)
  return page({
    title: `${node}: ${verdict}`,
    refreshSeconds,
    body: html`<h1>${node}: ${verdict}</h1>
      ${maintenanceLine(view)} ${openTable(view.open)} ${probeTable(view.probes)} ${channelTable(channels)}
      ${closedTable(view.closed)}`,
  })
}

/** One line for a person: what is wrong, or that nothing is. */
export function verdictOf({ open, probes, maintenance }: View): string {
  if (maintenance !== undefined) return 'in maintenance'
  const faults = open.filter(({ about, told }) => about === 'fault' && told !== undefined)
  if (faults.length > 0) return faults.map(({ probe, why }) => `${probe} is down: ${why}`).join('; ')
  const unwell = probes.filter(({ state }) => state !== 'ok' && state !== 'unknown')
  if (unwell.length > 0) return unwell.map(({ name, state }) => `${name} ${state}`).join(', ')
  const unknown = probes.filter(({ state }) => state === 'unknown').length
  return unknown === 0
    ? `all ${probes.length} probes are well`
    : `${unknown} of ${probes.length} not asked yet`
}

const maintenanceLine = ({ maintenance }: View): Html | undefined =>
  maintenance &&
  html`<p class="warning">
    In maintenance for ${Math.ceil(maintenance.leftMs / 60_000)} more minutes: ${maintenance.why}
  </p>`

const openTable = (open: readonly Incident[]): Html | undefined =>
  open.length === 0
    ? undefined
    : html`<h2>Open incidents</h2>
        <table>
          <tr>
            <th>incident</th>
            <th>since</th>
            <th>about</th>
            <th>why</th>
            <th>tried</th>
          </tr>
          ${open.map(
            ({ id, opened, probes, severity, why, tried, acknowledgedBy }) =>
              html`<tr class="${severity}">
                <td>${id}</td>
                <td>${opened}</td>
                <td>${probes.join(', ')}</td>
                <td>${why}</td>
                <td>
                  ${tried.map(({ rung, ok }) => `${rung}${ok ? '' : ' (failed)'}`).join(', ')}${acknowledgedBy === undefined ? '' : ` acknowledged by ${acknowledgedBy}`}
                </td>
              </tr>`,
          )}
        </table>`

const probeTable = (probes: readonly ProbeView[]): Html =>
  html`<h2>Probes</h2>
    <table>
      <tr>
        <th>probe</th>
        <th>state</th>
        <th class="n">misses</th>
        <th class="n">ms</th>
        <th class="n">usual</th>
        <th>why</th>
        <th>last 24 hours</th>
      </tr>
      ${probes.map(
        ({ name, state, counter, last, normalMs, why, warning, day }) =>
          html`<tr>
            <td>${name}</td>
            <td class="${state}">${state}</td>
            <td class="n">${counter}</td>
            <td class="n">
              ${last === undefined || last.finding.outcome === 'blind' ? '' : Math.round(last.finding.ms)}
            </td>
            <td class="n">${normalMs === undefined ? '' : Math.round(normalMs)}</td>
            <td>${warning ?? why}</td>
            <td class="day">${hours(day)}</td>
          </tr>`,
      )}
    </table>`

/** The worst of each half hour, one sign each: 48 tell the day. */
function hours(day: ProbeView['day']): string {
  const signs: Record<string, string> = { ok: '·', down: '#', unknown: ' ' }
  let text = ''
  for (let at = 0; at < day.length; at += 6) {
    const part = day.slice(at, at + 6)
    const worst =
      part.find((state) => state === 'down') ?? part.find((state) => state !== 'ok' && state !== undefined)
    text += signs[worst ?? part.find((state) => state !== undefined) ?? 'unknown'] ?? '+'
  }
  return text
}

const channelTable = (channels: readonly ChannelStatus[]): Html =>
  html`<h2>Ways of telling</h2>
    <table>
      <tr>
        <th>way</th>
        <th class="n">waiting</th>
        <th>last sent</th>
        <th>last error</th>
      </tr>
      ${channels.map(
        ({ name, waiting, lastSentAt, lastError }) =>
          html`<tr>
            <td>${name}</td>
            <td class="n">${waiting}</td>
            <td>${lastSentAt ?? ''}</td>
            <td class="${lastError === undefined ? '' : 'warning'}">${lastError ?? ''}</td>
          </tr>`,
      )}
    </table>`

const mostClosed = 50

const closedTable = (closed: readonly ClosedIncident[]): Html | undefined =>
  closed.length === 0
    ? undefined
    : html`<h2>Closed incidents</h2>
        <table>
          <tr>
            <th>incident</th>
            <th>from</th>
            <th>to</th>
            <th>about</th>
            <th>mended by</th>
          </tr>
          ${closed
            .slice(-mostClosed)
            .toReversed()
            .map(
              ({ id, opened, closed: ended, probes, cure }) =>
                html`<tr>
                  <td>${id}</td>
                  <td>${opened}</td>
                  <td>${ended}</td>
                  <td>${probes.join(', ')}</td>
                  <td>${cure}</td>
                </tr>`,
            )}
        </table>`
