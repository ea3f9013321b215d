import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { scratch } from '../process.ts'
import { run } from '../run.ts'
import { members, ownerAt, rows, text } from './shared.ts'
import { type SoftwareTpm, startTpm, tpmMissing } from './tpm.ts'
import { startUp } from './up.ts'

/** The steps of a story, each one line of JSON. */
async function told(args: readonly string[]): Promise<ReadonlyMap<string, Record<string, unknown>>> {
  const { code, out, err } = await run(['demo', '--json', ...args])
  assert.equal(code, 0, err)
  assert.equal(err, '')
  const steps = out
    .trimEnd()
    .split('\n')
    .map((line) => members(JSON.parse(line)))
  for (const step of steps) assert.ok(text(step['title']).length > 10)
  return new Map(steps.map((step) => [text(step['step']), step]))
}

function step(steps: ReadonlyMap<string, Record<string, unknown>>, id: string): Record<string, unknown> {
  const found = steps.get(id)
  assert.ok(found !== undefined, `there is no step ${id} among ${[...steps.keys()].join(', ')}`)
  return found
}

function refusedFirst(steps: ReadonlyMap<string, Record<string, unknown>>, code: string): void {
  const refused = step(steps, 'refused')
  assert.equal(refused['outcome'], 'refused')
  assert.equal(refused['code'], code)
  assert.match(text(refused['decision']), /^dec_\w{26}$/)
  assert.ok(Array.isArray(refused['reasons']) && refused['reasons'].length > 0)
  for (const remedy of rows(refused['remedies'])) assert.ok(text(remedy['action']) !== '' && text(remedy['by']) !== '')
  assert.ok(rows(refused['remedies']).length > 0, 'the refusal says what mends it')
}

/** Types the commands that the story printed, at a checkpoint of one's own. */
async function asPrinted(out: string, tpm: SoftwareTpm): Promise<void> {
  const [, set = ''] = /\$ echo '([^']+)' \| \S+ reference put this-machine -$/m.exec(out) ?? []
  const [, request = ''] = /\$ \S+ (request .*)$/m.exec(out) ?? []
  const home = scratch()
  const profile = `${home}/profile.json`
  const up = await startUp(['--offline', '--data', `${home}/data`, '--tpm-root', tpm.ca])
  try {
    await run(['login', '--data', `${home}/data`], { env: { SEKISHO_PROFILE: profile } })
    const owner = ownerAt(profile, 'default', home)
    await owner.ok(['secret', 'put', 'demo/database/password'], { input: 'as printed' })
    const policy = 'permit (principal, action, resource) when { !context.references.isEmpty() };'
    await owner.ok(['policy', 'set', owner.file('policy.cedar', policy)])
    await owner.ok(['reference', 'put', 'this-machine', '-'], { input: set })
    const secret = owner.path('password.txt')
    await owner.ok(request.split(' ').map((word) => (word === 'password.txt' ? secret : word)))
    assert.equal(readFileSync(secret, 'utf8'), 'as printed')
  } finally {
    await up.stop()
  }
}

describe('sekisho demo', () => {
  it('tells on an emulated machine: refused, mended, released, receipt, advisory, lease lost', async () => {
    const steps = await told([])
    assert.deepEqual(
      [...steps.keys()],
      ['stage', 'secret', 'refused', 'remedy', 'released', 'receipt', 'advisory', 'policy', 'lost', 'renewal'],
    )
    assert.match(text(step(steps, 'stage')['url']), /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.equal(step(steps, 'stage')['emulated'], true)
    refusedFirst(steps, 'reference-missing')
    assert.match(text(step(steps, 'remedy')['measurement']), /^[0-9a-f]{96}$/)
    const released = step(steps, 'released')
    assert.equal(released['outcome'], 'released')
    assert.equal(released['emulated'], true)
    assert.ok(Date.parse(text(released['expires'])) > Date.now())
    assert.equal(step(steps, 'receipt')['outcome'], 'released')
    assert.equal(step(steps, 'receipt')['emulated'], true)
    assert.deepEqual(step(steps, 'advisory')['affected'], [released['lease']])
    assert.equal(step(steps, 'policy')['dryRun'], 'would have refused 1 of 1')
    assert.equal(step(steps, 'policy')['revoked'], 1)
    assert.equal(step(steps, 'lost')['event'], 'lease-revoked')
    assert.equal(step(steps, 'renewal')['outcome'], 'refused')
    assert.equal(step(steps, 'renewal')['code'], 'lease-ended')
  })

  it('tells it to a person, in words and in order', async () => {
    const { code, out, err } = await run(['demo'])
    assert.equal(code, 0, err)
    const order = [
      '1. A checkpoint comes up',
      'REFUSED',
      '\n   why ',
      '\n   remedy ',
      'RELEASED EMULATED',
      '\n   secret ',
      'PROVEN',
    ]
    const places = [...order, 'dry run ', 'REVOKED', 'try to renew|tries to renew'].map((word) => out.search(word))
    assert.ok(!places.includes(-1), out)
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    )
    for (const line of out.split('\n')) if (/^ {3}\$ /.test(line)) assert.match(line, /^ {3}\$ sekisho /)
  })

  it('tells it on a TPM 2.0', { skip: tpmMissing }, async () => {
    const tpm = await startTpm()
    try {
      const steps = await told(['--tpm', tpm.socket, '--tpm-ca', tpm.ca])
      refusedFirst(steps, 'reference-mismatch')
      assert.equal(step(steps, 'remedy')['pcr'], 23)
      assert.equal(step(steps, 'released')['outcome'], 'released')
      assert.equal(step(steps, 'receipt')['outcome'], 'released')
      assert.equal(step(steps, 'renewal')['outcome'], 'refused')
      const { code, out, err } = await run(['demo', '--tpm', tpm.socket, '--tpm-ca', tpm.ca])
      assert.equal(code, 0, err)
      assert.match(out, /memory is not encrypted/)
      await asPrinted(out, tpm)
    } finally {
      await tpm.stop()
    }
  })

  it('says what is wrong with the TPM’s place and its CA', async () => {
    const none = await run(['demo', '--tpm', '/nonexistent/socket', '--tpm-ca', '/nonexistent/ca.pem'])
    assert.equal(none.code, 3)
    assert.match(none.err, /ca\.pem: no such file/)
    const empty = await run(['demo', '--tpm', '/nonexistent/socket', '--tpm-ca', '/dev/null'])
    assert.equal(empty.code, 3)
    assert.match(empty.err, /expected certificates in PEM, the root last/)
  })
})
