import { channel } from 'node:diagnostics_channel'
import type { OnStep } from './steps.ts'

export const stepsChannel = 'twintone:store-step'

/** What happens at each step unless something else is wanted: a test can look into a whole program. */
export const announced: OnStep = (step) => channel(stepsChannel).publish(step)
