import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { enrol, Refusal, renewLease, requestLeasedSecret, type TpmAttester, tpmAttester } from '@sekisho/attester'
import { masterKeyFrom, readTpmRoots } from '@sekisho/broker'
import { type Checkpoint, openCheckpoint } from '../../src/checkpoint/open.ts'
import { Answer } from '../../src/remote/answer.ts'
import { type Client, clientFor } from '../../src/remote/client.ts'
import { run } from '../run.ts'
import { postgresMissing, startPostgres } from './postgres.ts'
import { members, ownerAt, rows, text } from './shared.ts'
import { type SoftwareTpm, startTpm, tpmMissing } from './tpm.ts'
import { startUp } from './up.ts'

const RESOURCE = 'demo/db/password'
const PCRS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7]
const POLICY =
  'permit (principal, action, resource) when { context.tee == "tpm" && context.verdict.outcome == "verified" };'

interface Post {
  readonly checkpoint: Checkpoint
  readonly owner: Client
  close(): Promise<void>
}

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A production checkpoint that vouches for these makers. */
async function openPost(
  makers: readonly string[],
  where: { readonly folder?: string; readonly databaseUrl?: string } = {},
): Promise<Post> {
  const folder = where.folder ?? mkdtempSync(join(tmpdir(), 'sekisho-enrolment-'))
  folders.push(folder)
  const roots = makers.map((file) => readTpmRoots(readFileSync(file, 'utf8')))
  const [first] = roots
  const checkpoint = await openCheckpoint({
    folder,
    ...(where.databaseUrl === undefined ? {} : { databaseUrl: where.databaseUrl }),
    master: await masterKeyFrom({ env: 'KEY', environment: { KEY: '07'.repeat(32) } }),
    production: true,
    emulatedAnchors: [],
    source: undefined,
    ...(first === undefined ? {} : { verifier: { tpmRoots: first } }),
    host: '127.0.0.1',
    port: 0,
    leaseSeconds: 900,
    version: '0.0.0',
    now: () => new Date(),
    writeLog: () => undefined,
  })
  const owner = clientFor({ server: checkpoint.url, token: await checkpoint.adminToken() }, 'default')
  return { checkpoint, owner, close: () => checkpoint.close() }
}

/** A secret, a policy, and the machine's boot as known. */
async function furnish({ owner }: Post): Promise<void> {
  const json = { value: Buffer.from('the secret').toString('base64'), contentType: 'text/plain' }
  await owner.send('PUT', owner.in(`/secrets/${RESOURCE}`), { json })
  await owner.send('PUT', owner.in('/policy'), { json: { text: POLICY } })
  await putReference(owner)
}

/** The boot of a software TPM, which measures nothing. */
async function putReference(owner: Client): Promise<void> {
  const pcrs = Object.fromEntries(PCRS.map((index) => [String(index), ['00'.repeat(32)]]))
  const set = { tee: 'tpm', values: { pcrs, requiredPcrs: PCRS }, owner: 'tester' }
  await owner.send('PUT', owner.in('/references/this-machine'), { json: set })
}

function tokenOf(home: string): string {
  return text(members(JSON.parse(readFileSync(join(home, 'profile.json'), 'utf8')))['token'])
}

async function refusal(promise: Promise<unknown>): Promise<Refusal> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(outcome instanceof Refusal, `expected a refusal, not ${String(outcome)}`)
  return outcome
}

async function reasons({ owner }: Post, { id }: Refusal): Promise<string> {
  return new Answer(await owner.get(owner.in(`/decisions/${id ?? ''}`))).texts('reasons').join('\n')
}

async function post(url: string, body: unknown): Promise<{ status: number; json: Record<string, unknown> }> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: answer.status, json: members(await answer.json()) }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

async function begin(
  { checkpoint }: Post,
  machine: TpmAttester,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<{ status: number; json: Record<string, unknown> }> {
  const { akPublic, ekPublic, ekCertificates } = await machine.enrolmentRequest()
  return post(`${checkpoint.url}/api/v1/workload/enrolments`, {
    akPublic: base64(akPublic),
    ekPublic: base64(ekPublic),
    ekCertificates: ekCertificates.map(base64),
    ...changes,
  })
}

function credentialOf(json: Readonly<Record<string, unknown>>): {
  credentialBlob: Uint8Array
  encryptedSecret: Uint8Array
} {
  const bytes = (name: string): Uint8Array => new Uint8Array(Buffer.from(text(json[name]), 'base64'))
  return { credentialBlob: bytes('credentialBlob'), encryptedSecret: bytes('encryptedSecret') }
}

describe('TPMs at a running checkpoint', { skip: tpmMissing }, () => {
  let tpm: SoftwareTpm
  let other: SoftwareTpm
  let here: Post
  const machines: TpmAttester[] = []
  const open = async ({ socket }: SoftwareTpm, more: object = {}): Promise<TpmAttester> => {
    const machine = await tpmAttester({ device: { socket }, pcrs: PCRS, ...more })
    machines.push(machine)
    return machine
  }
  const closeAll = async (): Promise<void> => {
    for (const machine of machines.splice(0)) await machine.close()
  }
  const ask = (machine: TpmAttester, at: Post = here): ReturnType<typeof requestLeasedSecret> =>
    requestLeasedSecret({ url: at.checkpoint.url, attester: machine, resource: RESOURCE })

  before(async () => {
    tpm = await startTpm()
    other = await startTpm()
    here = await openPost([tpm.ca])
    await furnish(here)
  })
  after(async () => {
    await closeAll()
    await here?.close()
    await tpm?.stop()
    await other?.stop()
  })

  it('are told that their key is not known, and nothing is released', async () => {
    const machine = await open(tpm)
    const refused = await refusal(ask(machine))
    assert.equal(refused.code, 'tpm-key-unknown')
    assert.match(await reasons(here, refused), /tpm\.ak\.trust: nobody vouches for the attestation key/)
    await closeAll()
  })

  it('enrol with certificates that the maker’s file completes, and are released to as hardware that an operator vouches for', async () => {
    const machine = await open(tpm)
    const { ekCertificates } = await machine.enrolmentRequest()
    assert.equal(ekCertificates.length, 1, 'the TPM brings its leaf alone')
    assert.deepEqual(await enrol({ url: here.checkpoint.url, attester: machine }), { akName: machine.akName })
    const held = await ask(machine)
    assert.equal(Buffer.from(held.secret).toString(), 'the secret')
    assert.equal(held.emulated, false)
    const { owner } = here
    const attested = new Answer(await owner.get(owner.in('/decisions?outcome=attested'))).list('decisions').at(-1)
    const whole = JSON.stringify(await owner.get(owner.in(`/decisions/${attested?.text('id') ?? ''}`)))
    assert.match(whole, /a TPM maker’s root named by the operator/)
    const { db } = here.checkpoint
    const [kept] = await db.all<{ bytes: Uint8Array }>(
      `SELECT e.bytes FROM evidence e JOIN appraisals a ON a.collateral_sha256 = e.sha256 WHERE a.outcome = 'verified'`,
    )
    const vouched = members(JSON.parse(new TextDecoder().decode(kept?.bytes)))
    assert.equal(vouched['akName'], machine.akName, 'what vouched for the key is kept with the decision')
    await renewLease({ url: here.checkpoint.url, attester: machine, lease: held.lease })
    await closeAll()
  })

  it('stay enrolled when they are switched off and on', async () => {
    const first = (await open(tpm)).akName
    await closeAll()
    await tpm.restart()
    const machine = await open(tpm)
    assert.equal(machine.akName, first)
    assert.equal(Buffer.from((await ask(machine)).secret).toString(), 'the secret')
    await closeAll()
  })

  it('enrol an RSA key by an RSA endorsement key too', async () => {
    const machine = await open(tpm, { ek: { type: 'rsa' }, ak: { kind: 'rsa-2048' } })
    await enrol({ url: here.checkpoint.url, attester: machine })
    assert.equal(Buffer.from((await ask(machine)).secret).toString(), 'the secret')
    await closeAll()
  })

  it('are enrolled in one namespace only', async () => {
    const machine = await open(tpm)
    const { url } = here.checkpoint
    const refused = await refusal(
      requestLeasedSecret({ url, attester: machine, resource: RESOURCE, namespace: 'other' }),
    )
    assert.equal(refused.code, 'tpm-key-unknown')
    await closeAll()
  })

  it('cannot answer another TPM’s credential, nor any twice', async () => {
    const [machine, stranger] = [await open(tpm), await open(other)]
    const begun = await begin(here, machine)
    assert.equal(begun.status, 200)
    await assert.rejects(stranger.activate(credentialOf(begun.json)), { name: 'TpmError' })
    const activate = `${here.checkpoint.url}/api/v1/workload/enrolments/${text(begun.json['enrolment'])}/activate`
    const wrong = await post(activate, { secret: base64(randomBytes(32)) })
    assert.deepEqual([wrong.status, wrong.json['code']], [403, 'enrolment-failed'])
    const right = await machine.activate(credentialOf(begun.json))
    const late = await post(activate, { secret: base64(right) })
    assert.deepEqual([late.status, late.json['code']], [404, 'enrolment-unknown'], 'one answer is all there is')

    const again = await begin(here, machine)
    const path = `${here.checkpoint.url}/api/v1/workload/enrolments/${text(again.json['enrolment'])}/activate`
    const secret = base64(await machine.activate(credentialOf(again.json)))
    assert.equal((await post(path, { secret })).status, 200)
    assert.equal((await post(path, { secret })).status, 404)
    await closeAll()
  })

  it('are turned away with keys and certificates that do not belong together', async () => {
    const [machine, stranger] = [await open(tpm), await open(other)]
    const own = await machine.enrolmentRequest()
    const foreign = await stranger.enrolmentRequest()
    const cases: readonly (readonly [Record<string, unknown>, RegExp])[] = [
      [{ ekCertificates: [] }, /ekCertificates/],
      [{ ekCertificates: foreign.ekCertificates.map(base64) }, /ekCertificates.*another endorsement key/],
      [{ ekCertificates: [base64(randomBytes(800))] }, /ekCertificates.*cannot be read/],
      [{ ekCertificates: Array.from({ length: 9 }, () => 'AAAA') }, /ekCertificates/],
      [{ akPublic: base64(own.ekPublic) }, /akPublic.*is not sign/],
      [{ ekPublic: base64(own.akPublic) }, /ekPublic.*is not decrypt/],
      [{ akPublic: 'AAAA' }, /akPublic/],
      [{ akPublic: '' }, /akPublic/],
      [{ ekPublic: '?' }, /ekPublic/],
      [{ ekPublic: 'A'.repeat(4000) }, /ekPublic/],
    ]
    for (const [change, expected] of cases) {
      const { status, json } = await begin(here, machine, change)
      assert.equal(status, 400, JSON.stringify(change).slice(0, 80))
      assert.match(JSON.stringify(json), expected)
    }
    await closeAll()
  })

  it('of a maker whom nobody named are refused with the reason, when they enrol and when the name is taken back', async () => {
    const machine = await open(other)
    const refused = await refusal(enrol({ url: here.checkpoint.url, attester: machine }))
    assert.equal(refused.code, 'root-untrusted')
    assert.match(await reasons(here, refused), /leads to no root of a TPM maker that is trusted here/)

    const folder = mkdtempSync(join(tmpdir(), 'sekisho-enrolment-'))
    const earlier = await openPost([other.ca], { folder })
    try {
      await furnish(earlier)
      await enrol({ url: earlier.checkpoint.url, attester: machine })
      await ask(machine, earlier)
    } finally {
      await earlier.close()
    }
    const later = await openPost([tpm.ca], { folder })
    try {
      const untrusted = await refusal(ask(machine, later))
      assert.equal(untrusted.code, 'root-untrusted')
      assert.match(await reasons(later, untrusted), /tpm\.chain\.pinned: the chain ends at no root key/)
    } finally {
      await later.close()
    }
    await closeAll()
  })

  it('that are revoked lose their leases, get nothing on older results, and cannot enrol another key', async () => {
    const machine = await open(tpm)
    const { checkpoint, owner } = here
    const held = await ask(machine)
    const earlier = new Answer(await owner.get(owner.in('/tpm-keys'))).list('keys')
    assert.ok(earlier.some((key) => key.text('akName') === machine.akName && !key.has('revoked')))
    const revoked = members(await owner.send('DELETE', owner.in(`/tpm-keys/${machine.akName}`)))
    assert.ok(Number(revoked['revoked']) >= 1, JSON.stringify(revoked))
    assert.equal(
      (await refusal(renewLease({ url: checkpoint.url, attester: machine, lease: held.lease }))).code,
      'lease-ended',
    )
    const lease = members(await owner.get(owner.in(`/leases/${held.lease.id}`)))
    assert.equal(lease['state'], 'revoked')
    const release = { namespace: 'default', resource: RESOURCE, token: held.token }
    const replayed = await post(`${checkpoint.url}/api/v1/workload/release`, release)
    assert.deepEqual([replayed.status, replayed.json['code']], [403, 'attestation-revoked'])
    assert.equal((await refusal(ask(machine))).code, 'tpm-key-unknown')
    for (const { raw } of new Answer(await owner.get(owner.in('/decisions?outcome=released'))).list('decisions')) {
      const again = new Answer(await owner.send('POST', owner.in(`/decisions/${String(raw['id'])}/reverify`)))
      assert.equal(again.text('result'), 'confirmed', 'a key that is revoked now vouched then')
    }
    assert.equal((await refusal(enrol({ url: checkpoint.url, attester: machine }))).code, 'tpm-key-revoked')
    const renamed = await open(tpm, { device: machine.tpm, ak: { label: 'another' } })
    assert.equal((await refusal(enrol({ url: checkpoint.url, attester: renamed }))).code, 'tpm-key-revoked')
    const noted = rows(members(await owner.get(owner.in('/decisions?outcome=changed')))['decisions'])
    const codes = noted.map((one) => one['reasonCode'])
    assert.ok(codes.includes('tpm-key-enrolled') && codes.includes('tpm-key-revoked'), codes.join())

    await owner.send('POST', owner.in(`/tpm-keys/${machine.akName}/readmit`))
    await enrol({ url: checkpoint.url, attester: machine })
    assert.equal(Buffer.from((await ask(machine)).secret).toString(), 'the secret')
    await closeAll()
  })

  it('are known to every server of one PostgreSQL at once, and so is who was revoked', {
    skip: postgresMissing,
  }, async () => {
    const server = await startPostgres()
    const [one, two] = [
      await openPost([tpm.ca], { databaseUrl: server.url }),
      await openPost([tpm.ca], { databaseUrl: server.url }),
    ]
    try {
      await furnish(one)
      const machine = await open(tpm)
      await enrol({ url: one.checkpoint.url, attester: machine })
      const held = await ask(machine, two)
      await one.owner.send('DELETE', one.owner.in(`/tpm-keys/${machine.akName}`))
      const { url } = two.checkpoint
      assert.equal((await refusal(renewLease({ url, attester: machine, lease: held.lease }))).code, 'lease-ended')
      assert.equal((await refusal(ask(machine, two))).code, 'tpm-key-unknown')
      await closeAll()
    } finally {
      await one.close()
      await two.close()
      await server.stop()
    }
  })

  it('enrol by `sekisho request` at `sekisho up --tpm-root`, and are listed, revoked and readmitted by their owner', async () => {
    const home = mkdtempSync(join(tmpdir(), 'sekisho-enrolment-'))
    folders.push(home)
    const data = join(home, 'data')
    const makers = ['--tpm-root', tpm.ca, '--tpm-root', other.ca]
    const env = { SEKISHO_MASTER_KEY: randomBytes(32).toString('base64') }
    const up = await startUp(['--production', '--offline', '--data', data, ...makers], { env })
    try {
      const owner = ownerAt(join(home, 'profile.json'), 'default', home)
      await owner.ok(['login', '--data', data])
      await owner.ok(['secret', 'put', RESOURCE], { input: 'the secret' })
      await owner.ok(['policy', 'set', owner.file('policy.cedar', POLICY)])
      const request = ['request', RESOURCE, '--tpm', tpm.socket, '--pcrs', PCRS.join(','), '-o', '-']
      await putReference(clientFor({ server: up.url, token: tokenOf(home) }, 'default'))
      const first = await owner.run(request)
      assert.equal(first.code, 0, first.err)
      assert.equal(first.out, 'the secret')
      assert.match(first.err, /sekisho: enrol\n/)
      const again = await owner.run(request)
      assert.equal(again.code, 0, again.err)
      assert.doesNotMatch(again.err, /enrol/)
      const [key] = rows((await owner.json(['tpm', 'list']))['keys'])
      const name = text(key?.['akName'])
      assert.match(await owner.ok(['tpm', 'list']), new RegExp(name))
      const quote = owner.path('quote.json')
      await owner.ok(['attest', '--tpm', tpm.socket, '--pcrs', PCRS.join(','), '-o', quote])
      const given = ['--trust-anchor', tpm.ca, '--collateral', owner.file('key.json', JSON.stringify(key)), '--offline']
      const judged = await owner.run(['verify', quote, ...given, '--json'])
      assert.equal(members(JSON.parse(judged.out))['authenticity'], 'proven', judged.err)
      const damaged = owner.file('damaged.json', JSON.stringify({ akName: name, ekCertificates: ['AAAA', 7] }))
      assert.equal((await owner.run(['verify', quote, '--collateral', damaged, '--offline'])).code, 3)
      assert.match(await owner.ok(['tpm', 'revoke', name]), /Revoked: 1 key of this TPM, and 2 leases/)
      const refused = await owner.run(request)
      assert.equal(refused.code, 1)
      assert.match(refused.err, /refused: tpm-key-revoked/)
      await owner.ok(['tpm', 'readmit', name])
      assert.equal((await owner.run(request)).out, 'the secret')
    } finally {
      await up.stop()
    }
    const bad = await run(['up', '--port', '0', '--data', data, '--tpm-root', '/dev/null'])
    assert.equal(bad.code, 3)
    assert.match(bad.err, /\/dev\/null: expected certificates in PEM/)
  })
})
