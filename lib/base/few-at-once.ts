/** Does at most `most` pieces of work at a time; the others wait, first come, first served. */
export function fewAtOnce(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let busy = 0
  return async (work) => {
    if (busy < most) busy += 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      // The place goes to the next one without being free in between, where a newcomer could take it.
      const next = waiting.shift()
      if (next === undefined) busy -= 1
      else next()
    }
  }
}
