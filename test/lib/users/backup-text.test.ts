import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBackups, readBackup, type BackupItem } from '../../../lib/users/backup-text.ts'

const items = (...lines: string[]): BackupItem[] => {
  const read = readBackup(Buffer.from(lines.join('\r\n')))
  assert.ok(read)
  return read
}

const changes = (before: string[], after: string[]) =>
  compareBackups(items(...before), items(...after)).map(({ kind, item: { id, text }, before: was }) =>
    was === undefined ? `${kind} ${id}: ${text}` : `${kind} ${id}: ${was} -> ${text}`,
  )

test('contacts, favourites, labels and options are read as what they are', () => {
  assert.deepEqual(
    items(
      'ABKNAME001=Anna',
      'ABKNUMBER001=4712',
      'HOMEFAV02=4713\u001FBert\u001FBert Adams',
      'PHNLABEL03=Line',
      'SBMLABEL12=Door',
      'LANGUSER=Mlf_German.xml',
    ),
    [
      { group: 'contact', id: 'Anna', text: '4712' },
      { group: 'favourite', id: 'favourite 2', text: 'Bert, 4713, Bert Adams' },
      { group: 'label', id: 'button 3', text: 'Line' },
      { group: 'label', id: 'module button 12', text: 'Door' },
      { group: 'option', id: 'LANGUSER', text: 'Mlf_German.xml' },
    ],
  )
})

test('the last line of a name counts, and lines that are no assignment are left out', () => {
  assert.deepEqual(
    items('', 'PHNREDIAL=0', 'nonsense', 'PHNREDIAL=1').map(({ text }) => text),
    ['1'],
  )
})

test('a number without a name is a contact of its own', () => {
  assert.deepEqual(items('ABKNUMBER007=4714'), [{ group: 'contact', id: '4714', text: '4714' }])
})

test('what is no list of assignments is not read as one; nothing at all is an empty backup', () => {
  assert.equal(readBackup(Buffer.from('0101 boot log of a phone')), undefined)
  assert.deepEqual(readBackup(Buffer.alloc(0)), [])
})

test('text that is not UTF-8 is read all the same, and what could trick a terminal is shown harmless', () => {
  const read = readBackup(
    Buffer.concat([Buffer.from('ABKNAME001=J'), Buffer.from([0xfc]), Buffer.from('rg\x1b[2J')]),
  )
  assert.deepEqual(
    read?.map(({ id }) => id),
    ['Jürg\\x1b[2J'],
  )
})

test('the difference names what was added, removed and changed', () => {
  assert.deepEqual(
    changes(
      ['ABKNAME001=Anna', 'ABKNUMBER001=4712', 'ABKNAME002=Bert', 'ABKNUMBER002=4713', 'PHNREDIAL=0'],
      ['ABKNAME001=Bert', 'ABKNUMBER001=4799', 'ABKNAME002=Cora', 'ABKNUMBER002=4714', 'PHNREDIAL=1'],
    ),
    ['removed Anna: 4712', 'changed Bert: 4713 -> 4799', 'added Cora: 4714', 'changed PHNREDIAL: 0 -> 1'],
  )
})

test('contacts that only moved up in the list have not changed', () => {
  assert.deepEqual(
    changes(
      ['ABKNAME001=Anna', 'ABKNUMBER001=1', 'ABKNAME002=Bert', 'ABKNUMBER002=2'],
      ['ABKNAME001=Bert', 'ABKNUMBER001=2'],
    ),
    ['removed Anna: 1'],
  )
})

test('two contacts of one name are two', () => {
  assert.deepEqual(
    changes(
      ['ABKNAME001=Anna', 'ABKNUMBER001=1', 'ABKNAME002=Anna', 'ABKNUMBER002=2'],
      ['ABKNAME001=Anna', 'ABKNUMBER001=1'],
    ),
    ['removed Anna (2): 2'],
  )
})
