import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal, refusals } from '../../../lib/files/refusal.ts'

test('each reason is said in the codes of every protocol, as one table has it', () => {
  assert.deepEqual(
    Object.entries(refusals).map(([reason, { http, ftp, tftp, text }]) => [reason, http, ftp, tftp, text]),
    [
      ['notFound', 404, 550, 1, 'file not found'],
      ['forbidden', 403, 550, 2, 'not allowed'],
      ['badName', 400, 553, 2, 'file name not allowed'],
      ['unidentified', 403, 530, 2, 'the phone did not say who it is'],
      ['unauthorized', 401, 530, 2, 'credentials needed'],
      ['incomplete', 400, 426, 0, 'the upload broke off'],
      ['tooLarge', 413, 552, 3, 'file too large'],
      ['diskFull', 507, 452, 3, 'no space left'],
      ['busy', 503, 421, 0, 'too many clients'],
      ['notActive', 503, 450, 0, 'this node is on standby'],
    ],
  )
})

test('a refusal says its reason to programs and its detail to people', () => {
  const refusal = new Refusal('notFound', 'there is no a.txt')
  assert.equal(refusal.reason, 'notFound')
  assert.equal(refusal.detail, 'there is no a.txt')
  assert.equal(String(refusal), 'Refusal: file not found: there is no a.txt')
  assert(refusal instanceof Error)
})
