/** Minutes of the day, from and until. */
export interface QuietHours {
  from: number
  until: number
}

/** @param text `22:00-06:30`; empty, or from a time until itself: none */
export function parseQuietHours(text: string): QuietHours | undefined {
  const [from = 0, until = 0] = text.split('-').map(minuteOf)
  return from === until ? undefined : { from, until }
}

/**
 * By the clock on the wall, as people mean it. So a window holds twice as long as it says when clocks are set back
 * within it, and an hour that clocks skip is not missed: the window is over by the time they show afterwards.
 */
export function isQuiet(hours: QuietHours | undefined, wall: Date): boolean {
  if (hours === undefined) return false
  const minute = wall.getHours() * 60 + wall.getMinutes()
  const { from, until } = hours
  return from < until ? minute >= from && minute < until : minute >= from || minute < until
}

const minuteOf = (text: string) => {
  const [hours = 0, minutes = 0] = text.split(':').map(Number)
  return hours * 60 + minutes
}
