import type { Config } from '../../lib/base/config.ts'
import type { Log } from '../../lib/base/log.ts'
import type { Channel } from '../message.ts'
import type { Way } from './desk.ts'
import type { HeldBackRules } from './held-back.ts'
import { localSyslogChannel } from './local-syslog.ts'
import { mailChannel } from './mail.ts'
import { scriptChannel } from './script.ts'
import { syslogChannel } from './syslog.ts'
import { trapChannel } from './trap.ts'
import { webhookChannel } from './webhook.ts'

/** Enough for a slow mail server, and little enough that a dead one is seen. */
const usualSendMs = 60_000

/** The ways of telling that the settings name. @throws Error naming a setting that cannot be used */
export function waysOf(config: Config, log: Log, wallTime: () => Date): Way[] {
  const { alertSyslog, alertMail, alertScript, alertWebhook, alertTrap } = config
  const ways: Way[] = []
  const add = (channel: Channel, rules: HeldBackRules, sendMs = usualSendMs) =>
    ways.push({ channel, rules, sendMs })
  if (alertSyslog.local) add(localSyslogChannel(), alertSyslog)
  if (alertSyslog.host !== '') add(syslogChannel(alertSyslog), alertSyslog)
  if (alertMail.host !== '') add(mailBy(alertMail, log), alertMail)
  // The script has a time limit of its own, and what it left running may hold its output a little longer.
  if (alertScript.program !== '') add(scriptChannel(alertScript), alertScript, alertScript.timeoutMs + 5_000)
  if (alertWebhook.url !== '') add(webhookChannel(alertWebhook), alertWebhook)
  if (alertTrap.host !== '') add(trapChannel(alertTrap, wallTime), alertTrap)
  return ways
}

function mailBy(settings: Config['alertMail'], log: Log): Channel {
  if (settings.to.length === 0)
    throw new Error('alertMail.to is empty; name who gets the mail, or leave alertMail.host empty')
  return mailChannel(settings, (recipients) =>
    log.warn({ channel: 'mail', recipients }, 'alert recipient refused'),
  )
}
