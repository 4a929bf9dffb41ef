import type { OptionValues } from '../../lib/base/command.ts'
import {
  askControl,
  controlSocketPath,
  followControl,
  type ControlCall,
} from '../../lib/base/control-socket.ts'
import { configOf } from '../../lib/base/node-options.ts'
import type { PairStatus } from '../agent/views.ts'

/** All of these throw NotRunning, ControlRefused, ConfigError. */

export type Ask = <Answer>(url: string, call?: ControlCall) => Promise<Answer>

/** Asks the running agent of that node. */
export const agentOf = (options: OptionValues): Ask => askerOf(options, 'agent')

/** Asks the running file server of that node. */
export const fileserverOf = (options: OptionValues): Ask => askerOf(options, 'fileserver')

function askerOf(options: OptionValues, program: string): Ask {
  const path = controlSocketPath(configOf(options).run.folder, program)
  return (url, call) => askControl(path, url, call)
}

export const pairStatus = (options: OptionValues): Promise<PairStatus> =>
  agentOf(options)<PairStatus>('/status')

export const followAgent = <Line>(options: OptionValues, url: string): AsyncGenerator<Line> =>
  followControl<Line>(controlSocketPath(configOf(options).run.folder, 'agent'), url, 'GET')

export const followFileserver = <Line>(options: OptionValues, url: string): AsyncGenerator<Line> =>
  followControl<Line>(controlSocketPath(configOf(options).run.folder, 'fileserver'), url)
