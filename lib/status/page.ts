import { transferResults } from './activity.ts'
import { html } from '../base/html.ts'
import { page, pageStyle } from '../base/page.ts'
import type { BootLine, PhoneTrace } from './boot-traces.ts'
import type { Snapshot } from './snapshot.ts'
import { describeBytes, describeDuration, describePhone, describeTime, describeUsers } from './words.ts'

/** The pages of the status server. */

export const styleSheet = pageStyle({
  widthRem: 72,
  bad: ['.alarm', '.refused', '.broken'],
  doubtful: ['.weak'],
})

export function overviewPage(now: Snapshot, phones: readonly PhoneTrace[], refreshSeconds: number): string {
  const verdict =
    now.alarms.length === 0 ? 'serving' : `${now.alarms.length} alarm${now.alarms.length === 1 ? '' : 's'}`
  return page({
    title: `${now.node}: ${verdict}`,
    refreshSeconds,
    body: html`<h1>${now.node}: ${verdict}</h1>
      <p class="dim">
        Twintone ${now.version}, up ${describeDuration(now.uptimeSeconds)}, pid ${now.process.pid},
        ${describeBytes(now.process.memoryBytes)} of memory, event-loop lag ${now.process.loopLagMs.p99} ms,
        ${now.cache.files} files (${describeBytes(now.cache.bytes)}) held in memory, ${slotWords(now)}
      </p>
      ${alarmList(now)} ${doorTable(now)} ${usersList(now)} ${totalTable(now)} ${activeTable(now)}
      ${phoneTable(phones)}`,
  })
}

const slotWords = ({ slots }: Snapshot) =>
  slots.max === 0 ? `${slots.used} phones seen` : `${slots.used} of ${slots.max} client slots taken`

const alarmList = ({ alarms }: Snapshot) =>
  alarms.length === 0
    ? undefined
    : html`<h2>Needs attention</h2>
        <ul>
          ${alarms.map(({ subject, text, since }) => html`<li class="alarm">${text} <span class="dim">(${subject}, since ${describeTime(since.getTime())})</span></li>`)}
        </ul>`

const doorTable = ({ doors }: Snapshot) =>
  html`<h2>Doors</h2>
    <table>
      <tr>
        <th>protocol</th>
        <th>address</th>
        <th class="n">port</th>
        <th>TLS</th>
      </tr>
      ${doors.map(
        ({ protocol, address, port, tls }) =>
          html`<tr>
            <td>${protocol}</td>
            <td>${address}</td>
            <td class="n">${port}</td>
            <td class="${tls?.weak === true ? 'weak' : ''}">
              ${tls === undefined ? '' : tls.profile}${tls?.weak === true ? ' (weak)' : ''}
            </td>
          </tr>`,
      )}
    </table>`

const usersList = ({ users }: Snapshot) =>
  html`<h2>Users</h2>
    <ul>
      ${describeUsers(users).map((line) => html`<li>${line}</li>`)}
    </ul>`

const totalTable = ({ totals }: Snapshot) =>
  html`<h2>Since start</h2>
    <table>
      <tr>
        <th>protocol</th>
        ${transferResults.map((result) => html`<th class="n">${result}</th>`)}
        <th class="n">bytes sent</th>
        <th class="n">received</th>
        <th>reasons</th>
      </tr>
      ${Object.entries(totals).map(
        ([protocol, { requests, bytes, receivedBytes, reasons }]) =>
          html`<tr>
            <td>${protocol}</td>
            ${transferResults.map((result) => html`<td class="n">${requests[result]}</td>`)}
            <td class="n">${describeBytes(bytes)}</td>
            <td class="n">${describeBytes(receivedBytes)}</td>
            <td>
              ${Object.entries(reasons)
                .map(([reason, count]) => `${reason} ${count}`)
                .join(', ')}
            </td>
          </tr>`,
      )}
    </table>`

const activeTable = ({ active }: Snapshot) =>
  html`<h2>Under way (${active.length})</h2>
    <table>
      <tr>
        <th>since</th>
        <th>phone</th>
        <th>protocol</th>
        <th>file</th>
        <th class="n">so far</th>
        <th class="n">of</th>
      </tr>
      ${active.slice(0, 200).map(
        ({ startedAt, address, protocol, asked, sent, size }) =>
          html`<tr>
            <td>${describeTime(startedAt)}</td>
            <td>${address}</td>
            <td>${protocol}</td>
            <td>${asked}</td>
            <td class="n">${describeBytes(sent)}</td>
            <td class="n">${size === undefined ? '' : describeBytes(size)}</td>
          </tr>`,
      )}
    </table>`

const mostPhones = 200

const phoneTable = (phones: readonly PhoneTrace[]) =>
  html`<h2>Phones (${phones.length}${phones.length > mostPhones ? `, the last ${mostPhones} shown` : ''})</h2>
    <table>
      <tr>
        <th>last seen</th>
        <th>address</th>
        <th>phone</th>
        <th>last request</th>
        <th>answer</th>
      </tr>
      ${phones.slice(0, mostPhones).map((trace) => {
        const last = trace.boots.at(-1)?.lines.at(-1)
        return html`<tr>
          <td>${describeTime(trace.lastAt)}</td>
          <td><a href="/phones/${encodeURIComponent(trace.address)}">${trace.address}</a></td>
          <td>${describePhone(trace.phone)}</td>
          <td>${last?.asked}</td>
          <td class="${last?.result}">${last === undefined ? '' : answerOf(last)}</td>
        </tr>`
      })}
    </table>`

export function phonePage(trace: PhoneTrace, refreshSeconds: number): string {
  return page({
    title: `phone ${trace.address}`,
    refreshSeconds,
    body: html`<p><a href="/">overview</a></p>
      <h1>${trace.address} ${describePhone(trace.phone)}</h1>
      ${trace.boots.toReversed().map(
        (boot) =>
          html`<h2>Boot of ${describeTime(boot.startedAt)}</h2>
            <table>
              <tr>
                <th>time</th>
                <th class="n">after</th>
                <th>door</th>
                <th>asked for</th>
                <th>answer</th>
                <th class="n">bytes</th>
                <th class="n">ms</th>
                <th>remarks</th>
              </tr>
              ${boot.lines.map(bootRow)}
            </table>
            ${boot.more === 0 ? undefined : html`<p class="dim">and ${boot.more} more requests</p>`}`,
      )}`,
  })
}

const bootRow = (line: BootLine) =>
  html`<tr>
    <td>${describeTime(line.at)}</td>
    <td class="n">${line.gapMs} ms</td>
    <td>${line.protocol} ${line.port}</td>
    <td>${line.asked}</td>
    <td class="${line.result}">${answerOf(line)}</td>
    <td class="n">${line.bytes}</td>
    <td class="n">${line.ms}</td>
    <td>${remarksOf(line)}</td>
  </tr>`

/** `sent (200)`. */
export const answerOf = ({ result, code }: BootLine): string =>
  code === undefined ? result : `${result} (${code})`

/** What is worth saying about a request beyond its numbers. */
export const remarksOf = ({ again, retries, fallback, detail }: BootLine): string =>
  [
    again > 0 ? `asked ${again + 1} times` : '',
    retries > 0 ? `${retries} packets sent again` : '',
    fallback ? 'fallback file given' : '',
    detail ?? '',
  ]
    .filter((remark) => remark !== '')
    .join('; ')
