import assert from 'node:assert/strict'
import { symlinkSync, writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { scratch } from '../process.ts'
import { run } from '../run.ts'
import { ownerAt } from './shared.ts'
import { loopbackCertificate } from './tls.ts'
import { startUp } from './up.ts'

const home = scratch()

describe('sekisho up with TLS', () => {
  it('is reached by those who trust its certificate, and by nobody in the clear', async () => {
    const { cert, key } = loopbackCertificate()
    const [certFile, keyFile, data] = [`${home}/cert.pem`, `${home}/key.pem`, `${home}/data`]
    writeFileSync(certFile, cert)
    writeFileSync(keyFile, key, { mode: 0o600 })
    const up = await startUp(['--offline', '--data', data, '--tls-cert', certFile, '--tls-key', keyFile])
    try {
      assert.match(up.url, /^https:\/\/127\.0\.0\.1:\d+$/)
      assert.match(up.out(), /^ {2}https:\/\/127\.0\.0\.1:\d+\/setup#/m)
      await assert.rejects(fetch(up.url.replace('https:', 'http:')), 'there is no answer without TLS')

      const stranger = await run(['login', '--data', data], { env: { SEKISHO_PROFILE: `${home}/stranger.json` } })
      assert.equal(stranger.code, 3)
      assert.match(
        stranger.err,
        /^sekisho: \S+ answers, and its certificate ends at no authority .*NODE_EXTRA_CA_CERTS=FILE.* \(DEPTH_ZERO_\w+\)$/m,
      )

      // Node.js reads further authorities when it starts: each command is a process of its own.
      const owner = ownerAt(`${home}/profile.json`, 'default', home, run)
      const env = { NODE_EXTRA_CA_CERTS: certFile }
      assert.match(await owner.ok(['login', '--data', data], { env }), /^Logged in to https:/)
      await owner.ok(['secret', 'put', 'a/b/c'], { input: 'over TLS', env })
      assert.match(await owner.ok(['secret', 'list'], { env }), /a\/b\/c +secret +1/)
      assert.ok(!up.err().includes('PRIVATE KEY'))
    } finally {
      assert.equal(await up.stop(), 0)
    }
  })

  it('certificate and key that do not belong together, or are none, are said in words', async () => {
    const [one, other] = [loopbackCertificate(), loopbackCertificate()]
    writeFileSync(`${home}/one.pem`, one.cert)
    writeFileSync(`${home}/other.pem`, other.key, { mode: 0o600 })
    writeFileSync(`${home}/noise.pem`, 'no PEM')
    // What a renewal that ran out of disk leaves behind: OpenSSL takes it for no certificate at all.
    writeFileSync(`${home}/empty.pem`, '')
    // Has no size, and no end.
    symlinkSync('/dev/zero', `${home}/zero.pem`)
    for (const [cert, key, words] of [
      ['zero.pem', 'other.pem', /zero\.pem: longer than 1048576 bytes/],
      ['one.pem', 'other.pem', /--tls-cert and --tls-key: /],
      ['noise.pem', 'other.pem', /--tls-cert and --tls-key: /],
      ['empty.pem', 'empty.pem', /--tls-cert and --tls-key: /],
      ['one.pem', 'empty.pem', /--tls-cert and --tls-key: /],
      ['missing.pem', 'other.pem', /missing\.pem: no such file/],
    ] as const) {
      const args = ['--data', `${home}/refused`, '--tls-cert', `${home}/${cert}`, '--tls-key', `${home}/${key}`]
      const { code, out, err } = await run(['up', '--offline', '--port', '0', ...args])
      assert.equal(code, 3, err)
      assert.match(err, words)
      assert.equal(out, '')
    }
  })
})
