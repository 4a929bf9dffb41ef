/**
 * Remembers the answers of a dear function. Foreign text decides what is asked, so the memory is bounded: once it is
 * full it is emptied, which is simpler than choosing and as good where the questions are few and the same.
 */
export function remember<T>(ask: (text: string) => T, most: number): (text: string) => T {
  const answers = new Map<string, { answer: T }>()
  return (text) => {
    const known = answers.get(text)
    if (known !== undefined) return known.answer
    const answer = ask(text)
    if (answers.size >= most) answers.clear()
    answers.set(text, { answer })
    return answer
  }
}
