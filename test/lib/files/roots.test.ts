import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allRoots, listNames, rootOf } from '../../../lib/files/roots.ts'

test('each protocol has the folder that administrators know', () => {
  assert.deepEqual(allRoots('/data'), {
    http: '/data/HTTPdata',
    https: '/data/HTTPSdata',
    tftp: '/data/TFTPdata',
    ftp: '/data/FTPdata',
  })
  assert.equal(rootOf('/data/', 'tftp'), '/data/TFTPdata')
})

test('the specific address list comes before the generic one', () => {
  assert.deepEqual(listNames('http'), ['HTTP_allow_IP.txt', 'allow_IP.txt'])
  assert.deepEqual(listNames('https'), ['HTTPS_allow_IP.txt', 'allow_IP.txt'])
  assert.deepEqual(listNames('tftp'), ['TFTP_allow_IP.txt', 'allow_IP.txt'])
  assert.deepEqual(listNames('ftp'), ['FTP_allow_IP.txt', 'allow_IP.txt'])
})
