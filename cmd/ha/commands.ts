import { checkCommand } from '../../ha/cli/check.ts'
import { drillCommand } from '../../ha/cli/drill.ts'
import { eventsCommand } from '../../ha/cli/events.ts'
import { explainCommand } from '../../ha/cli/explain.ts'
import { failoverCommand } from '../../ha/cli/failover.ts'
import { importCommand } from '../../ha/cli/import.ts'
import { initCommand } from '../../ha/cli/init.ts'
import { forgetEtcdCommand } from '../../ha/cli/forget-etcd.ts'
import { historyCommand } from '../../ha/cli/history.ts'
import { pauseCommand, resumeCommand } from '../../ha/cli/pause.ts'
import { publishCommand } from '../../ha/cli/publish.ts'
import { rescueCommand } from '../../ha/cli/rescue.ts'
import { standbyCommand, unstandbyCommand } from '../../ha/cli/standby.ts'
import { statusCommand } from '../../ha/cli/status.ts'
import { resyncCommand, verifyCommand } from '../../ha/cli/verify.ts'
import { waitCommand } from '../../ha/cli/wait.ts'
import { agentCommand } from './agent.ts'
import { clearCommand } from './clear.ts'

/** In the order of the help: setting up, looking, changing, proving, mending. */
export const commands = [
  initCommand,
  importCommand,
  statusCommand,
  checkCommand,
  eventsCommand,
  explainCommand,
  historyCommand,
  waitCommand,
  failoverCommand,
  pauseCommand,
  resumeCommand,
  standbyCommand,
  unstandbyCommand,
  drillCommand,
  verifyCommand,
  resyncCommand,
  rescueCommand,
  publishCommand,
  forgetEtcdCommand,
  agentCommand,
  clearCommand,
]
