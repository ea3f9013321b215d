import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { before, describe, it } from 'node:test'
import { emulatedAttester, Refusal, requestSecret } from '@sekisho/attester'
import { createWorld } from '@sekisho/emulator'
import { scratch } from '../process.ts'
import { run } from '../run.ts'
import { strangersWorld } from '../world.ts'
import { asking, type Checkpoint, know, type Owner, ownerAt, ownerOf, ready, rows, text } from './shared.ts'
import { startUp } from './up.ts'

const home = scratch()

describe('a workload is refused, with the reason for its owner', () => {
  let owner: Owner & { readonly checkpoint: Checkpoint }
  let world: string
  /** Asks, and reads the decision that the refusal names. */
  const refusal = async (
    more: readonly string[],
    kind = 'snp',
  ): Promise<{ readonly code: string; readonly decision: Record<string, unknown>; readonly told: string }> => {
    const { code, out, err } = await owner.run([...asking(world, kind), ...more])
    assert.equal(code, 1, err)
    assert.equal(out, '')
    const [, reason = '', id = ''] =
      /refused: ([a-z-]+); the owner sees why with `sekisho decision show (dec_\w+)/.exec(err) ?? []
    return { code: reason, decision: await owner.json(['decision', 'show', id]), told: err }
  }
  before(async () => {
    owner = await ownerOf('refusals')
    world = owner.checkpoint.world
    await ready(owner, world, 'nobody gets this', ['snp', 'tdx'])
  })

  it('an unknown measurement', async () => {
    const { code, decision } = await refusal(['--measurement', 'ab'.repeat(48)])
    assert.equal(code, 'reference-mismatch')
    assert.match(JSON.stringify(decision['reasons']), /snp\.expect\.measurement/)
    assert.ok(rows(decision['remedies']).length > 0)
  })

  it('a TEE that there are no reference values for', async () => {
    assert.equal((await refusal([], 'sgx')).code, 'reference-missing')
  })

  it('a TCB that is below the lowest that is accepted', async () => {
    const shown = await owner.json(['reference', 'show', 'snp'])
    const values = JSON.parse(JSON.stringify(shown['values']))
    values.minTcb.microcode = 250
    const set = { tee: 'snp', values, owner: 'test' }
    await owner.ok(['reference', 'put', 'snp', '-'], { input: JSON.stringify(set) })
    const { code, decision } = await refusal([])
    assert.equal(code, 'tcb-unacceptable')
    assert.match(JSON.stringify(decision['reasons']), /snp\.expect\.min-tcb/)
    await know(owner, world, 'snp')
    assert.equal((await owner.run(asking(world))).code, 0)
  })

  it('a platform that its policy denies; the statement is named', async () => {
    const policy = `${await owner.ok(['policy', 'starter', 'emulated'])}@id("no-td") forbid (principal, action, resource) when { context.tee == "tdx" };`
    await owner.ok(['policy', 'set', '-'], { input: policy })
    const { code, decision } = await refusal([], 'tdx')
    assert.equal(code, 'policy-deny')
    assert.match(JSON.stringify(decision), /no-td/)
  })

  it('a secret that is not there: the workload hears what it hears when it may not have it', async () => {
    const { code, told } = await owner
      .run(['request', 'no/such/secret', ...asking(world, 'tdx').slice(2)])
      .then(({ code, err }) => ({ code, told: err }))
    assert.equal(code, 1)
    assert.match(told, /refused: policy-deny/)
  })

  it('a namespace without a policy', async () => {
    const other = await ownerOf('refusals-without-policy')
    await know(other, world, 'snp')
    const { code, err } = await other.run(asking(world))
    assert.equal(code, 1)
    assert.match(err, /refused: policy-missing/)
  })

  it('a workload whose memory the host may read', async () => {
    const saved = createWorld({ saved: readFileSync(world, 'utf8') })
    const attester = emulatedAttester(saved, saved.snp({ debug: true }))
    const request = { url: owner.checkpoint.up.url, namespace: owner.namespace, resource: 'demo/db/password', attester }
    await assert.rejects(requestSecret({ ...request, protocol: 'native' }), (error: unknown) => {
      assert.ok(error instanceof Refusal)
      assert.equal(error.code, 'debug-enabled')
      return true
    })
  })

  it('a machine of another emulated world: its root is trusted by nobody here', async () => {
    const stranger = strangersWorld()
    const attester = emulatedAttester(stranger, stranger.snp({}))
    const request = { url: owner.checkpoint.up.url, namespace: owner.namespace, resource: 'demo/db/password', attester }
    await assert.rejects(requestSecret({ ...request, protocol: 'native' }), (error: unknown) => {
      assert.ok(error instanceof Refusal)
      assert.equal(error.code, 'root-untrusted')
      return true
    })
  })

  it('every refusal stands in the list, with its reason', async () => {
    const list = await owner.ok(['decision', 'list', '--outcome', 'refused'])
    assert.match(list, /^AT +OUTCOME +RESOURCE +REASON +ID\n/)
    for (const code of ['reference-mismatch', 'tcb-unacceptable', 'policy-deny', 'debug-enabled', 'root-untrusted'])
      assert.ok(list.includes(code), `${code}: ${list}`)
    const [one] = rows((await owner.json(['decision', 'list', '--outcome', 'refused', '--limit', '1']))['decisions'])
    assert.equal(one?.['outcome'], 'refused')
    const verbose = await owner.ok([
      'decision',
      'show',
      text(
        rows((await owner.json(['decision', 'list']))['decisions']).find(
          ({ reasonCode }) => reasonCode === 'reference-mismatch',
        )?.['id'],
      ),
      '--verbose',
    ])
    assert.match(verbose, /snp\.report\.signature/)
    const wrong = await owner.run(['decision', 'list', '--outcome', 'lost'])
    assert.notEqual(wrong.code, 0)
  })
})

describe('a production checkpoint', () => {
  it('trusts no emulated platform, whatever its policy says', async () => {
    const { world } = (await ownerOf('production')).checkpoint
    const key = `${home}/key.bin`
    writeFileSync(key, randomBytes(32), { mode: 0o600 })
    const data = `${home}/data`
    const up = await startUp(['--production', '--offline', '--master-key-file', key, '--data', data])
    try {
      const owner = ownerAt(`${home}/profile.json`, 'default', home)
      await owner.ok(['login', '--data', data])
      await ready(owner, world, 'a real secret', ['snp'])
      const { code, out, err } = await owner.run(asking(world))
      assert.equal(code, 1, err)
      assert.equal(out, '')
      assert.match(
        err,
        /refused: root-untrusted.*\n +emulated machines are known .* only those of the world\.json in its data folder: --world\n/,
      )
      assert.ok(!up.out().includes('EMULATED'))
    } finally {
      assert.equal(await up.stop(), 0)
    }
    const emulated = await run(['up', '--production', '--emulated', '--data', data, '--port', '0'])
    assert.equal(emulated.code, 64)
    const keyless = await run(['up', '--production', '--data', data, '--port', '0'])
    assert.equal(keyless.code, 64)
    const two = await run(['up', '--master-key-file', key, '--data', data, '--port', '0'], {
      env: { SEKISHO_MASTER_KEY: randomBytes(32).toString('base64') },
    })
    assert.equal(two.code, 64)
    assert.match(two.err, /give one of --master-key-file, --pkcs11 and SEKISHO_MASTER_KEY, not several/)
    const other = await run(['up', '--data', data, '--port', '0'], {
      env: { SEKISHO_MASTER_KEY: randomBytes(32).toString('base64') },
    })
    assert.equal(other.code, 3, 'another master key opens nothing')
  })
})
