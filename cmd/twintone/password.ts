import { UsageError, type Command } from '../../lib/base/command.ts'
import { hashPassword } from '../../lib/base/password-hash.ts'
import { readPassword } from './read-password.ts'

export const passwordCommand: Command = {
  name: 'password',
  summary: 'Makes the hash of a password, for the super user of FTP.',
  usage: 'password',
  help: `
Asks for the password twice without showing it; or reads one line from standard input when that is no terminal.
Prints the hash, which goes into the settings file:
  [superUser]
  password = "scrypt$..."`,
  options: {},
  async run({ words }, io) {
    if (words.length > 0)
      throw new UsageError('it takes no words: a password on a command line can be read by everybody here')
    const hash = await hashPassword(await readPassword(io, 'Password'))
    io.stdout(`${hash}\n`)
    io.stderr('put it into the settings file, as the password of [superUser]\n')
    return 0
  },
}
