import type { Clock } from '../../lib/base/clock.ts'
import type { Answer, Operation } from './durability.ts'

/** What the agent answered; whoever cannot reach it throws. */
export interface AgentAnswer {
  status: number
}

export type AskAgent = (
  path: '/insync',
  body: { op: Operation; node: string; why: string },
) => Promise<AgentAnswer>

/** How long the agent may take, before its answer counts as unknown. */
const agentMs = 1_500

/** Has the agent take the other node into the set of those that have everything, or out of it. */
export function insyncQuestion(
  node: string,
  { askAgent, clock }: { askAgent: AskAgent; clock: Clock },
): (op: Operation, why: string) => Promise<Answer> {
  return async (op, why) => {
    const late = Promise.withResolvers<AgentAnswer>()
    const cancel = clock.after(agentMs, () => late.resolve({ status: 504 }))
    try {
      const { status } = await Promise.race([askAgent('/insync', { op, node, why }), late.promise])
      return status === 200 ? 'yes' : status === 409 ? 'no' : 'unknown'
    } finally {
      cancel()
    }
  }
}
