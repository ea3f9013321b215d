import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { distinguishedName, generateKey, issueCertificate, toPem, utf8 } from '@sekisho/emulator/kit'
import {
  type Broker,
  BrokerError,
  type Database,
  type EnrolmentOutcome,
  openVerifier,
  readTpmRoots,
} from '../../src/index.ts'
import { brokerOver, newDatabase } from '../checkpoint/kit.ts'
import { makerNamed, type SoftTpm, softTpm } from './soft-tpm.ts'

const maker = makerNamed('One Maker')
const AT = new Date('2026-11-21T08:00:00Z')
const BY = { actor: 'tester', at: AT }
const later = (ms: number): Date => new Date(AT.getTime() + ms)

async function broker(t: TestContext): Promise<{ readonly broker: Broker; readonly db: Database }> {
  const db = await newDatabase(t)
  return { broker: await brokerOver(db, openVerifier({ tpmRoots: readTpmRoots(maker.pem) }), { production: true }), db }
}

async function begin(at: Broker, tpm: SoftTpm, when = AT, namespace = 'default') {
  const request = tpm.request()
  const begun = await at.tpmKeys.enrol({ namespace, at: when, ...request })
  return { begun, secret: () => tpm.open(credentialOf(begun), request.akPublic) }
}

function credentialOf({ refused, ...begun }: EnrolmentOutcome) {
  assert.ok('credential' in begun, JSON.stringify(refused))
  return begun.credential
}

function idOf(begun: EnrolmentOutcome): string {
  assert.ok(begun.refused === undefined, JSON.stringify(begun.refused))
  return begun.enrolment
}

async function enrolled(at: Broker, tpm: SoftTpm): Promise<string> {
  const { begun, secret } = await begin(at, tpm)
  const outcome = await at.tpmKeys.activate({ enrolment: idOf(begun), secret: secret(), at: AT })
  assert.ok(outcome.refused === undefined, JSON.stringify(outcome.refused))
  return outcome.akName
}

describe('enrolment of TPM keys', () => {
  it('takes five minutes at most', async (t) => {
    const { broker: at } = await broker(t)
    const { begun, secret } = await begin(at, softTpm(maker))
    const enrolment = idOf(begun)
    const over = await at.tpmKeys.activate({ enrolment, secret: secret(), at: later(300_001) })
    assert.equal(over.refused?.code, 'enrolment-unknown')
    assert.ok((await at.tpmKeys.activate({ enrolment, secret: secret(), at: later(299_999) })).refused === undefined)
    for (const id of ['', '0'.repeat(32), "' OR 1=1 --"])
      assert.equal(
        (await at.tpmKeys.activate({ enrolment: id, secret: secret(), at: AT })).refused?.code,
        'enrolment-unknown',
      )
  })

  it('soundness 46: refuses a certificate of nobody’s making that holds that of a genuine TPM as text', async (t) => {
    const { broker: at } = await broker(t)
    const genuine = softTpm(maker).request().ekCertificates[0] ?? assert.fail()
    const self = generateKey('P-384')
    const name = distinguishedName(['CN', 'nobody'])
    const stranger = softTpm({
      certify: (key) =>
        issueCertificate({
          subject: name,
          issuer: name,
          serial: 1,
          notBefore: new Date('2026-01-01T00:00:00Z'),
          notAfter: new Date('2027-01-01T00:00:00Z'),
          subjectKey: key,
          issuerKey: self,
          algorithm: 'ecdsa-p384-sha384',
          extensions: [{ oid: '1.2.3', value: utf8(`\n${toPem(genuine)}`) }],
        }),
    })
    const { begun } = await begin(at, stranger)
    assert.equal(begun.refused?.code, 'root-untrusted')
  })

  it('of two answers at once takes one', async (t) => {
    const { broker: at } = await broker(t)
    const { begun, secret } = await begin(at, softTpm(maker))
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => at.tpmKeys.activate({ enrolment: idOf(begun), secret: secret(), at: AT })),
    )
    assert.equal(answers.filter(({ refused }) => refused === undefined).length, 1)
    assert.equal((await at.tpmKeys.list('default')).length, 1)
  })

  it('keeps no secret in the database, and forgets what nobody answered', async (t) => {
    const { broker: at, db } = await broker(t)
    const { secret } = await begin(at, softTpm(maker))
    const [row] = await db.all<{ secret_sha256: Uint8Array; ek_certificates: string }>('SELECT * FROM tpm_enrolments')
    const kept = JSON.stringify(row, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    )
    assert.ok(row !== undefined && !kept.includes(Buffer.from(secret()).toString('hex')))
    await at.tick(later(300_001))
    assert.deepEqual(await db.all('SELECT id FROM tpm_enrolments'), [])
  })

  it('lets 16 of one TPM wait, in however many namespaces: its certificate fills nobody else’s room', async (t) => {
    const { broker: at } = await broker(t)
    const tpm = softTpm(maker)
    for (let i = 0; i < 16; i++) idOf((await begin(at, tpm, AT, `made-up-${i}`)).begun)
    await assert.rejects(begin(at, tpm, AT, 'one-more'), { code: 'busy' })
    idOf((await begin(at, softTpm(maker), AT, 'one-more')).begun)
  })

  it('lets 16 of one TPM wait, and 64 keys of it be', async (t) => {
    const { broker: at, db } = await broker(t)
    const tpm = softTpm(maker)
    for (let i = 0; i < 16; i++) idOf((await begin(at, tpm)).begun)
    await assert.rejects(begin(at, tpm), (error: unknown) => error instanceof BrokerError && error.code === 'busy')
    idOf((await begin(at, softTpm(maker))).begun)
    idOf((await begin(at, tpm, later(300_001))).begun)
    const full = softTpm(maker)
    const name = await enrolled(at, full)
    const own = (await at.tpmKeys.list('default')).find(({ akName }) => akName === name)
    await db.transaction(async (sql) => {
      for (let i = 1; i < 64; i++)
        await sql.run(
          `INSERT INTO tpm_keys (namespace, ak_name, ek_sha256, ek_certificates, enrolled, enrolled_by)
           VALUES ('default', ?, ?, '[]', 0, 'tester')`,
          [`000b${String(i).padStart(64, '0')}`, own?.ekSha256 ?? ''],
        )
    })
    assert.equal((await begin(at, full)).begun.refused?.code, 'enrolment-limit')
    idOf((await begin(at, softTpm(maker))).begun)
  })

  it('revokes a TPM with all its keys, in its namespace only, and readmits it by any of them', async (t) => {
    const { broker: at } = await broker(t)
    const [tpm, other] = [softTpm(maker), softTpm(maker)]
    const [one, two, theirs] = [await enrolled(at, tpm), await enrolled(at, tpm), await enrolled(at, other)]
    const pending = await begin(at, tpm)
    await assert.rejects(at.tpmKeys.revoke('elsewhere', one, BY), { code: 'not-found' })
    assert.equal((await at.tpmKeys.revoke('default', one, BY)).keys, 2)
    await assert.rejects(at.tpmKeys.revoke('default', two, BY), { code: 'not-found' })
    const revoked = (await at.tpmKeys.list('default')).filter((key) => key.revoked !== undefined)
    assert.deepEqual(new Set(revoked.map(({ akName }) => akName)), new Set([one, two]))
    assert.ok(revoked.every(({ revokedBy }) => revokedBy === 'tester'))
    const late = await at.tpmKeys.activate({ enrolment: idOf(pending.begun), secret: pending.secret(), at: AT })
    assert.equal(late.refused?.code, 'tpm-key-revoked', 'a credential of before does not slip through')
    const [refused] = (await at.decisions('default', { outcome: 'refused' })).filter(
      ({ reasonCode }) => reasonCode === 'tpm-key-revoked',
    )
    assert.match(refused?.reasons.join() ?? '', /a key of this TPM was revoked/)
    assert.equal((await begin(at, tpm)).begun.refused?.code, 'tpm-key-revoked')
    await assert.rejects(at.tpmKeys.readmit('default', theirs, BY), { code: 'not-found' })
    assert.equal((await at.tpmKeys.readmit('default', two, BY)).keys, 2)
    await enrolled(at, tpm)
    assert.ok(await at.receipt('default', refused?.id ?? ''), 'refusals are in the log')
  })

  it('needs a verifier that knows makers', async (t) => {
    const at = await brokerOver(await newDatabase(t), openVerifier({}))
    assert.equal((await begin(at, softTpm(maker))).begun.refused?.code, 'root-untrusted')
  })

  it('names what is wrong with an endorsement key that nothing can be encrypted to', async (t) => {
    const { broker: at } = await broker(t)
    const request = softTpm(maker).request()
    const off = Uint8Array.from(request.ekPublic)
    off.fill(1, off.length - 32)
    for (const bad of [{ ekPublic: off }, { akPublic: new Uint8Array(3000) }, { ekPublic: new Uint8Array() }])
      await assert.rejects(at.tpmKeys.enrol({ namespace: 'default', at: AT, ...request, ...bad }), (error: unknown) => {
        assert.ok(error instanceof BrokerError && error.code === 'invalid', String(error))
        assert.match(error.message, /^(ekPublic|akPublic|ekCertificates): /)
        return true
      })
  })

  it('takes nothing larger than keys and certificates of TPMs are, and no namespace that is none', async (t) => {
    const { broker: at } = await broker(t)
    const request = softTpm(maker).request()
    const [leaf = new Uint8Array()] = request.ekCertificates
    const rows: readonly (readonly [object, RegExp])[] = [
      [{ akPublic: new Uint8Array(2049) }, /akPublic: at most 2048 bytes/],
      [{ ekPublic: new Uint8Array(2049) }, /ekPublic: at most 2048 bytes/],
      [{ ekCertificates: Array(9).fill(leaf) }, /ekCertificates: at most 8/],
      [{ ekCertificates: [leaf, new Uint8Array(8193)] }, /ekCertificates: at most 8/],
      [{ namespace: 'Not-a-name' }, /namespace/],
    ]
    for (const [change, why] of rows)
      await assert.rejects(at.tpmKeys.enrol({ namespace: 'default', at: AT, ...request, ...change }), why)
  })
})
