import type { UserPolicy } from '../../lib/base/settings/user-data.ts'
import type { Attempt } from './attempt.ts'
import { userFileName } from './names.ts'
import type { ProbeParts } from './parts.ts'
import { policyFor } from './policy.ts'
import type { Target } from './target.ts'

/** What is asked about users' data through a door. */
export type UserDataPlan =
  | { do: 'write'; file: string; policy: UserPolicy }
  /** Credentials count here, and we have none. */
  | { do: 'expect refusal'; file: string }
  | { do: 'nothing' }

/**
 * What can be asked there, by the proof that the file server wants of us; warns where nothing can. Makes sure that our
 * phone is there to be asked.
 * @param wanted kind of file that phones save over that protocol: `96xxdata.txt`
 */
export async function planUserData(
  attempt: Attempt,
  { protocol, target, wanted }: { protocol: 'http' | 'https' | 'ftp'; target: Target; wanted: string },
  { config, token, phone, introduce }: ProbeParts,
): Promise<UserDataPlan> {
  const file = userFileName(config.userData, wanted, token)
  if (file === undefined) {
    attempt.warnings.push(
      'user data is not probed: userData.families has no files, or userData.longestExtension is below 24',
    )
    return { do: 'nothing' }
  }
  const policy = policyFor(config.userData, protocol, target.from)
  if (policy === 'credentials') return { do: 'expect refusal', file }
  if (policy === 'snmp') {
    const problem = await phone.listen()
    if (problem !== undefined) {
      attempt.warnings.push(problem)
      return { do: 'nothing' }
    }
    await introduce(target.from, attempt.signal)
  }
  return { do: 'write', file, policy }
}
