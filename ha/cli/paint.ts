import type { Io } from '../../lib/base/command.ts'

/** How a word shall look; what it says must not hang on that. */
export type Tone = 'good' | 'doubtful' | 'bad' | 'strong' | 'faint'
export type Paint = (tone: Tone, text: string) => string

/** ECMA-48, 8.3.117. */
const codes: Record<Tone, string> = { good: '32', doubtful: '33', bad: '31', strong: '1', faint: '2' }

export const plain: Paint = (_tone, text) => text

export const coloured: Paint = (tone, text) => (text === '' ? text : `\x1b[${codes[tone]}m${text}\x1b[0m`)

export const paintFor = ({ colour }: Pick<Io, 'colour'>): Paint => (colour ? coloured : plain)
