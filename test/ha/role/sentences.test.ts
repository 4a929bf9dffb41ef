import assert from 'node:assert/strict'
import { test } from 'node:test'
import { begin, step } from '../../../ha/role/role.ts'
import { simulate } from '../../support/pair-simulation.ts'
import { sceneOf } from '../../support/pair-simulation/scene.ts'
import type { Core } from '../../support/pair-simulation/world.ts'

test('every change of role, in whichever life of a pair, is told in a sentence', () => {
  let changes = 0
  const told: Core = {
    begin,
    step: (state, event, moment, timing) => {
      const after = step(state, event, moment, timing)
      if (after.state.role.name !== state.role.name) {
        changes += 1
        const says = after.effects.filter((effect) => effect.do === 'say' && effect.weight === 'change')
        assert.ok(says.length > 0, `${state.role.name} became ${after.state.role.name} for ${event.type}`)
      }
      return after
    },
  }
  for (let seed = 1; seed <= 300; seed += 1) simulate({ ...sceneOf(seed), core: told })
  assert.ok(changes > 1_000, `only ${changes} changes`)
})
