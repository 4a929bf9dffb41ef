import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentType } from '../../../lib/http/content-type.ts'

const types: [name: string, type: string][] = [
  ['46xxsettings.txt', 'text/plain'],
  ['46xxupgrade.SCR', 'text/plain'],
  ['firmware/SIP001122334455.cfg', 'text/plain'],
  ['a.ini', 'text/plain'],
  ['a.lst', 'text/plain'],
  ['Mlf_J129_German.xml', 'text/xml'],
  ['FW_S_J129.bin', 'application/octet-stream'],
  ['a.b/noextension', 'application/octet-stream'],
  ['a.constructor', 'application/octet-stream'],
  ['a.svg', 'application/octet-stream'],
  ['a.js', 'application/octet-stream'],
]
for (const [name, type] of types) {
  test(`${name} is ${type}`, () => {
    assert.equal(contentType(name), type)
  })
}

for (const name of ['snom320.htm', 'a.html', 'a.HTM', 'a.xhtml', 'a.shtml', 'a.svg', 'a.htm.bin']) {
  test(`d71: ${name} is nothing a browser would run`, () => {
    assert.match(contentType(name), /^(?:text\/plain|application\/octet-stream)$/)
  })
}
