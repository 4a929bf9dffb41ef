import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import type { Complaint } from '../../lib/base/complaint.ts'
import type { Config } from '../../lib/base/config.ts'
import { isPasswordHash } from '../../lib/base/password-hash.ts'

export type About = (setting: string, problem: string, fix: string) => Complaint

/** What is wrong with the settings about users' data. */
export async function inspectUsers(config: Config, about: About): Promise<Complaint[]> {
  const { superUser } = config
  const complaints = await credentials(config, about)
  if (superUser.password !== '' && !isPasswordHash(superUser.password))
    complaints.push(about('superUser.password', 'is no hash', 'put there what `twintone password` prints'))
  return complaints
}

async function credentials({ userData }: Config, about: About): Promise<Complaint[]> {
  const { https, policies, credentialsFile, credentialsCommand } = userData
  const used = https === 'credentials' || policies.some(({ policy }) => policy === 'credentials')
  if (!used) return []
  if (credentialsCommand !== '')
    return access(credentialsCommand, constants.X_OK).then(
      () => [],
      () => [
        about('userData.credentialsCommand', `${credentialsCommand} cannot be run`, 'check path and mode'),
      ],
    )
  const stats = await stat(credentialsFile).catch(() => undefined)
  if (stats === undefined)
    return [
      about(
        'userData.credentialsFile',
        `there is no ${credentialsFile}`,
        '`twintone credentials set` makes it',
      ),
    ]
  if ((stats.mode & 0o007) !== 0)
    return [
      about(
        'userData.credentialsFile',
        `${credentialsFile} can be read by every user of this machine`,
        `run: chmod 600 ${credentialsFile}`,
      ),
    ]
  return []
}
