import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { canonicalJson } from '@sekisho/evidence'
import { type Database, openDatabase, openVault } from '../../src/index.ts'
import { MIGRATIONS } from '../../src/storage/schema.ts'
import { readSetting, writeSetting } from '../../src/storage/settings.ts'
import { sealEnvelope } from '../../src/vault/envelope.ts'
import { envelopeText } from '../../src/vault/envelope-text.ts'
import { serverKeyPlace } from '../../src/vault/places.ts'
import { FORMER_SETTING, openPrivate, readResultKeys } from '../../src/vault/result-key-rows.ts'
import {
  attested,
  brokerOver,
  decrypt,
  furnish,
  later,
  MASTER,
  PERMIT,
  RESOURCE,
  referenceOf,
  SECRET,
  sharedWorld,
  teeKeys,
  worldVerifier,
} from './kit.ts'

/** What each version added, taken away again: the newest first. */
const UNDONE: readonly (readonly [version: number, statements: readonly string[]])[] = [
  [9, ['ALTER TABLE reference_sets DROP COLUMN matched_values']],
  [8, ['DROP INDEX appraisals_good', 'ALTER TABLE appraisals DROP COLUMN later_context']],
  [7, ['DROP TABLE result_keys', 'DROP INDEX leases_result_key', 'ALTER TABLE leases DROP COLUMN result_key']],
  [6, ['DROP INDEX verdicts_template']],
  [5, ['DROP TABLE verdict_templates', 'ALTER TABLE verdicts DROP COLUMN template']],
  [4, ['DROP TABLE used_appraisals']],
  [3, ['DROP INDEX appraisals_refused', 'DROP TABLE refused_evidence']],
  [2, ['DROP TABLE tpm_enrolments', 'DROP TABLE tpm_keys']],
]

/** The one key that signed results lay in the settings up to version 6. */
async function formerKey(db: Database): Promise<string> {
  const { ring } = await openVault(db, { master: MASTER() })
  const [current] = await readResultKeys(db)
  assert.ok(current)
  const bytes = (await openPrivate(ring, current)).export({ type: 'pkcs8', format: 'der' })
  return envelopeText(await sealEnvelope(ring, serverKeyPlace(FORMER_SETTING), bytes))
}

async function olden(db: Database, version: number): Promise<void> {
  const key = await formerKey(db)
  await db.transaction(async (sql) => {
    if (version < 7) await writeSetting(sql, FORMER_SETTING, key)
    for (const [one, statements] of UNDONE) {
      if (one <= version) continue
      for (const statement of statements) await sql.run(statement)
    }
    await sql.run('DELETE FROM schema_versions WHERE version > ?', [version])
  })
}

test('there is no version of the schema that is not tried here', () => {
  assert.deepEqual(
    MIGRATIONS.slice(1).map(({ version }) => version),
    UNDONE.map(([version]) => version).reverse(),
  )
})

for (const { version } of MIGRATIONS.slice(0, -1))
  test(`a database of schema ${version} is brought up to date, and nothing in it is lost`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sekisho-older-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const at = new Date()
    const verifier = await worldVerifier(t, sharedWorld())
    const machine = sharedWorld().snp()
    const keys = teeKeys()
    const before = await openDatabase({ folder })
    const old = await brokerOver(before, verifier)
    await furnish(old, 'default', at)
    await old.admin.putReference('default', referenceOf(verifier, machine, 'mine'), { actor: 'tester', at })
    const { session, outcome } = await attested(old, machine, { namespace: 'default', at, keys })
    const [signing] = (await old.jwks(at)).keys
    const given = await old.release({ by: { session }, namespace: 'default', resource: RESOURCE, at })
    assert.ok(given.released)
    await olden(before, version)
    await before.close()

    const db = await openDatabase({ folder })
    t.after(() => db.close())
    const broker = await brokerOver(db, verifier)
    assert.equal((await broker.jwks(at)).keys[0]?.['kid'], signing?.['kid'], 'it goes on signing')
    assert.equal(await readSetting(db, FORMER_SETTING), undefined)
    const shown = await broker.release({
      by: { token: outcome.token ?? '' },
      namespace: 'default',
      resource: RESOURCE,
      at,
    })
    assert.ok(shown.released, 'results from before are accepted')
    const [last] = await db.all<{ version: number }>('SELECT MAX(version) AS version FROM schema_versions')
    assert.equal(last?.version, MIGRATIONS.at(-1)?.version)
    assert.equal(
      (await db.all('SELECT id FROM used_appraisals')).length,
      version < 4 ? 1 : 0,
      'made for what was released before',
    )
    const [attestation] = await broker.decisions('default', { kind: 'attest' })
    const told = await broker.why('default', attestation?.id ?? '')
    const receipt = await broker.receipt('default', attestation?.id ?? '')
    const digest = createHash('sha256').update(canonicalJson(told?.verdict)).digest('hex')
    assert.equal(receipt?.entry.verdictSha256, digest, 'the verdict is the one that was logged')
    assert.equal((await broker.leaseState(given.lease.id, { at, namespace: 'default' }))?.state, 'live')
    const again = await attested(broker, machine, { namespace: 'default', at: later(at, 60), keys })
    const by = { session: again.session }
    const more = await broker.release({ by, namespace: 'default', resource: RESOURCE, at: later(at, 60) })
    assert.ok(more.released)
    assert.equal(decrypt(more.released.jwe, keys.privateKey), SECRET)
    const { revoked } = await broker.admin.setPolicy('default', `${PERMIT}\nforbid (principal, action, resource);`, {
      actor: 'tester',
      at: later(at, 61),
    })
    assert.equal(revoked, 3)
    // What a release rests on outlives the time after which what was not used goes.
    await broker.tick(later(at, 40 * 24 * 3600))
    assert.equal((await broker.why('default', attestation?.id ?? ''))?.notKept, undefined)
  })
