import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePortRange, portsToTry } from '../../../lib/base/port-range.ts'

test('without a range the kernel chooses a port', () => {
  assert.deepEqual(
    portsToTry(parsePortRange('tftp.transferPorts', ''), () => 0.5),
    [0],
  )
})

test('a range is tried from a random port on, around its end', () => {
  const range = parsePortRange('tftp.transferPorts', '50000-50003')
  assert.deepEqual(
    portsToTry(range, () => 0),
    [50_000, 50_001, 50_002, 50_003],
  )
  assert.deepEqual(
    portsToTry(range, () => 0.999),
    [50_003, 50_000, 50_001, 50_002],
  )
})

test('of a large range only some ports are tried', () => {
  assert.equal(portsToTry(parsePortRange('tftp.transferPorts', '1024-65535'), () => 0.3).length, 64)
})

for (const text of ['50001-50000', '0-10', '1-65536']) {
  test(`the range ${text} is refused in words`, () => {
    assert.throws(
      () => parsePortRange('tftp.transferPorts', text),
      /tftp\.transferPorts: ".*" is not first-last with ports from 1 to 65535/,
    )
  })
}
