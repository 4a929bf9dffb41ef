import assert from 'node:assert/strict'
import { test } from 'node:test'
import { html as piece } from '../../../lib/base/html.ts'

// Under another name, so that prettier leaves the templates as they are.

test('d71, d72: text put into a page is escaped, in elements and in attributes', () => {
  const hostile = `<script>alert("1")</script>&'`
  assert.equal(
    piece`<p>${hostile}</p>`.text,
    '<p>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;</p>',
  )
  assert.equal(piece`<a href="${'" onmouseover="x'}">`.text, '<a href="&quot; onmouseover=&quot;x">')
  assert.equal(piece`<a href='${"' x='"}'>`.text, "<a href='&#39; x=&#39;'>")
})

test('pieces made before are put in as they are, once', () => {
  assert.equal(piece`<ul>${piece`<li>${'<'}</li>`}</ul>`.text, '<ul><li>&lt;</li></ul>')
})

test('several pieces stand one after the other', () => {
  assert.equal(
    piece`${['a', '<b>'].map((text) => piece`<li>${text}</li>`)}`.text,
    '<li>a</li><li>&lt;b&gt;</li>',
  )
  assert.equal(piece`<ul>${[]}</ul>`.text, '<ul></ul>')
})

test('numbers are written, and nothing is nothing', () => {
  assert.equal(piece`${0} ${1.5} ${undefined}.`.text, '0 1.5 .')
})

test('an object that only looks like a piece is not taken for one', () => {
  const forged = JSON.parse('{"text": "<script>"}') as string
  assert.throws(() => piece`${forged}`, TypeError)
})
