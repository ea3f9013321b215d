import assert from 'node:assert/strict'
import { createCipheriv, createECDH, createHash, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Check, Verdict } from '@sekisho/evidence'
import { decryptJwe } from '../src/pages/start/run/jwe.ts'
import { bindingOf, makeKey, publicKeyOf } from '../src/pages/start/run/key.ts'
import { LAST_NEEDED, STEPS } from '../src/pages/start/run/model.ts'
import { createRun, nextOf } from '../src/pages/start/run/run.ts'
import { shortened } from '../src/pages/start/run/shorten.ts'
import { chapterOf, chaptersOf } from '../src/pages/start/verdict/chapters.ts'

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A JWE by node:crypto, member by member as RFC 7516 and 7518 say. */
function sealed(text: string, key: { x: string; y: string }, header: object = {}): Record<string, string> {
  const own = createECDH('prime256v1')
  const point = own.generateKeys()
  const z = own.computeSecret(
    Buffer.concat([Buffer.of(4), Buffer.from(key.x, 'base64url'), Buffer.from(key.y, 'base64url')]),
  )
  const name = Buffer.from('ECDH-ES+A256KW')
  const kek = createHash('sha256')
    .update(Buffer.concat([u32(1), z, u32(name.length), name, u32(0), u32(0), u32(256)]))
    .digest()
  const [cek, iv] = [randomBytes(32), randomBytes(12)]
  const wrap = createCipheriv('id-aes256-wrap', kek, Buffer.alloc(8, 0xa6))
  const epk = {
    crv: 'P-256',
    kty: 'EC',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  }
  const encoded = Buffer.from(JSON.stringify({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', epk, ...header })).toString(
    'base64url',
  )
  const cipher = createCipheriv('aes-256-gcm', cek, iv).setAAD(Buffer.from(encoded))
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final()])
  return {
    protected: encoded,
    encrypted_key: Buffer.concat([wrap.update(cek), wrap.final()]).toString('base64url'),
    iv: iv.toString('base64url'),
    ciphertext: ciphertext.toString('base64url'),
    tag: cipher.getAuthTag().toString('base64url'),
  }
}

describe('the page as a workload', () => {
  it('decrypts what is encrypted to its key, and nothing that was changed or is for another', async () => {
    const pair = await makeKey()
    const jwk = await publicKeyOf(pair)
    const jwe = sealed('secret 秘密', jwk)
    assert.equal(new TextDecoder().decode(await decryptJwe(jwe, pair.privateKey)), 'secret 秘密')
    assert.equal((await decryptJwe(sealed('', jwk), pair.privateKey)).length, 0)
    for (const name of ['encrypted_key', 'iv', 'ciphertext', 'tag', 'protected']) {
      const value = jwe[name] ?? ''
      const flipped = value.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))
      await assert.rejects(decryptJwe({ ...jwe, [name]: flipped }, pair.privateKey), Error, name)
      await assert.rejects(decryptJwe({ ...jwe, [name]: '!' }, pair.privateKey), Error, name)
    }
    await assert.rejects(decryptJwe(jwe, (await makeKey()).privateKey))
    for (const header of [
      { alg: 'dir' },
      { enc: 'A128GCM' },
      { crit: ['x'] },
      { zip: 'DEF' },
      { apu: 'AA' },
      { epk: {} },
    ])
      await assert.rejects(
        decryptJwe(sealed('x', jwk, header), pair.privateKey),
        /no encrypted secret/,
        JSON.stringify(header),
      )
    await assert.rejects(decryptJwe('text', pair.privateKey), /no object/)
  })

  it('has a private key that no script can read', async () => {
    const { privateKey } = await makeKey()
    assert.equal(privateKey.extractable, false)
    await assert.rejects(crypto.subtle.exportKey('jwk', privateKey))
  })

  it('binds nonce and key as the protocol says', async () => {
    const key = { kty: 'EC', crv: 'P-256', alg: 'ECDH-ES+A256KW', x: 'eA', y: 'eQ' } as const
    const text =
      '{"additional-evidence":"","nonce":"n/+=","tee-pubkey":{"alg":"ECDH-ES+A256KW","crv":"P-256","kty":"EC","x":"eA","y":"eQ"}}'
    const expected = createHash('sha384').update(text).digest('hex')
    assert.equal(Buffer.from(await bindingOf('n/+=', key)).toString('hex'), expected)
  })
})

describe('what is shown of a call', () => {
  it('is short, and hides what a secret is', () => {
    const text = shortened({
      value: 'aGVsbG8=',
      lease: { secret: 'opens', id: 'lse_1' },
      token: 'eyJ',
      long: 'x'.repeat(1000),
      list: Array.from({ length: 50 }, (_, i) => i),
      nothing: null,
    })
    for (const hidden of ['aGVsbG8=', 'opens', 'eyJ']) assert.ok(!text.includes(hidden))
    assert.match(text, /x… \(1000 characters\)/)
    assert.match(text, /… 42 more/)
    assert.match(text, /lse_1/)
    assert.equal(shortened(undefined), '')
    assert.ok(shortened(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [i, i]))).split('\n').length <= 41)
  })
})

describe('the run', () => {
  it('begins with nothing, tells its readers, and forgets everything at once', () => {
    const run = createRun()
    assert.equal(nextOf(run.state()), STEPS[0])
    assert.match(run.state().facts.secret, /^correct-horse-[0-9a-f]{8}$/)
    let told = 0
    const stop = run.follow(() => {
      told++
    })
    run.choose({ secret: 'mine' })
    assert.equal(run.state().facts.secret, 'mine')
    run.reset()
    assert.notEqual(run.state().facts.secret, 'mine')
    stop()
    run.reset()
    assert.equal(told, 2)
    assert.equal(STEPS.indexOf(LAST_NEEDED), 8)
  })
})

function check(id: string, some: Partial<Check> = {}): Check {
  return { id, phase: 'authenticity', outcome: 'pass', reason: 'r', source: 's', ...some }
}

describe('questions to a verdict', () => {
  it('sorts checks by what they answer', () => {
    for (const [id, phase, chapter] of [
      ['snp.report.signature', 'authenticity', 'who'],
      ['snp.ark.pinned', 'authenticity', 'who'],
      ['snp.hardware', 'appraisal', 'who'],
      ['snp.crl.not-revoked', 'authenticity', 'current'],
      ['snp.chain.not-after', 'authenticity', 'current'],
      ['tdx.crl.pck.present', 'authenticity', 'current'],
      ['tdx.tcb-info.current', 'authenticity', 'current'],
      ['nvidia.chain.ocsp.nonce', 'authenticity', 'current'],
      ['tdx.tcb', 'appraisal', 'current'],
      ['snp.debug', 'appraisal', 'runs'],
      ['snp.expect.measurement', 'appraisal', 'runs'],
      ['tdx.expect.rtmr0', 'appraisal', 'runs'],
      ['snp.expect.report-data', 'appraisal', 'fresh'],
    ] as const)
      assert.equal(chapterOf({ id, phase }), chapter, id)
  })

  it('puts what failed first, and asks for what nobody has said', () => {
    const say = { action: 'say so', by: 'relying-party' } as const
    const verdict = {
      checks: [
        {
          id: 'g',
          outcome: 'fail',
          checks: [
            check('snp.report.signature'),
            check('snp.expect.measurement', { phase: 'appraisal', outcome: 'unchecked', remedy: say }),
            check('snp.debug', { phase: 'appraisal', outcome: 'fail' }),
            check('snp.expect.host-data', { phase: 'appraisal', outcome: 'unchecked', waived: true, remedy: say }),
            check('snp.id-block.keys', { outcome: 'not-applicable' }),
          ],
        },
      ],
    } as unknown as Verdict
    const found = Object.fromEntries(chaptersOf(verdict).map((one) => [one.id, one]))
    assert.deepEqual(
      found['runs']?.checks.map(({ id }) => id),
      ['snp.debug', 'snp.expect.measurement', 'snp.expect.host-data'],
    )
    assert.equal(found['runs']?.standing, 'fail')
    assert.equal(found['who']?.standing, 'pass')
    assert.equal(found['fresh']?.standing, 'not-applicable')
    assert.deepEqual(
      found['say']?.checks.map(({ id }) => id),
      ['snp.expect.measurement'],
    )
    assert.equal(found['say']?.standing, 'unchecked')
  })
})
