import { CommandError, type Input, type Io } from '../../lib/base/command.ts'

const longestPassword = 1_024

/**
 * From a terminal: typed twice, and not shown. Otherwise: the first line of standard input.
 * @throws CommandError when there is none, or when it was typed differently the second time
 */
export async function readPassword(io: Io, whose: string): Promise<string> {
  const { stdin } = io
  if (stdin === undefined) throw new CommandError('there is no standard input to read a password from')
  const password =
    stdin.isTTY === true
      ? await typedTwice(stdin, [`${whose}: `, 'The same again: '], (text) => io.stderr(text))
      : await firstLine(stdin)
  if (password === '') throw new CommandError('the password is empty; nothing was changed')
  if (password.length > longestPassword) throw new CommandError('the password has more than 1,024 characters')
  // oxlint-disable-next-line no-control-regex -- the keys that nobody means
  if (/[\0-\x1f\x7f]/.test(password)) throw new CommandError('the password has control characters in it')
  return password
}

async function firstLine(stdin: Input): Promise<string> {
  let text = ''
  stdin.setEncoding('utf8')
  for await (const chunk of stdin) {
    text += String(chunk)
    if (text.includes('\n') || text.length > longestPassword + 2) break
  }
  return text.replace(/\r?\n[^]*$/, '')
}

async function typedTwice(
  stdin: Input,
  prompts: [first: string, second: string],
  say: (text: string) => void,
): Promise<string> {
  const [first, second] = await typed(stdin, prompts, say)
  if (first !== second) throw new CommandError('the two are not the same; nothing was changed')
  return first ?? ''
}

/** A line for each prompt. The terminal is raw meanwhile, so what it would do for us is done here. */
async function typed(stdin: Input, prompts: string[], say: (text: string) => void): Promise<string[]> {
  const lines: string[] = []
  let line = ''
  stdin.setEncoding('utf8')
  stdin.setRawMode?.(true)
  try {
    say(prompts[0] ?? '')
    for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
      for (const key of String(chunk).replaceAll(arrowKeys, '')) {
        if (key !== '\r' && key !== '\n') {
          line = afterKey(line, key)
          continue
        }
        lines.push(line)
        line = ''
        say(`\n${prompts[lines.length] ?? ''}`)
        if (lines.length === prompts.length) return lines
      }
    }
    throw new CommandError('the terminal was closed; nothing was changed')
  } finally {
    stdin.setRawMode?.(false)
    stdin.pause()
  }
}

// oxlint-disable-next-line no-control-regex -- what a terminal sends for them
const arrowKeys = /\x1b\[[\d;]*[A-Za-z~]/g

function afterKey(line: string, key: string): string {
  if (key === '\x03' || key === '\x04') throw new CommandError('nothing was changed')
  if (key === '\x7f' || key === '\b') return Array.from(line).slice(0, -1).join('')
  return key === '\x15' ? '' : line + key
}
