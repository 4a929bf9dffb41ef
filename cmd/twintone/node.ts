import type { OptionValues } from '../../lib/base/command.ts'
import {
  askControl,
  controlSocketPath,
  followControl,
  type ControlCall,
} from '../../lib/base/control-socket.ts'
import { configOf } from '../../lib/base/node-options.ts'

/** Asks the running file server of that node. @throws NotRunning, ControlRefused, ConfigError */
export const askFileserver = <Answer>(
  options: OptionValues,
  url: string,
  call?: ControlCall,
): Promise<Answer> =>
  askControl<Answer>(controlSocketPath(configOf(options).run.folder, 'fileserver'), url, call)

/** Follows a long piece of work of that node, line by line. @throws NotRunning, ControlRefused, ConfigError */
export const followFileserver = <Line>(options: OptionValues, url: string): AsyncGenerator<Line> =>
  followControl<Line>(controlSocketPath(configOf(options).run.folder, 'fileserver'), url)

/** Asks the running watchdog of that node. @throws NotRunning, ControlRefused, ConfigError */
export const askWatchdog = <Answer>(
  options: OptionValues,
  url: string,
  call?: ControlCall,
): Promise<Answer> =>
  askControl<Answer>(controlSocketPath(configOf(options).run.folder, 'watchdog'), url, call)
