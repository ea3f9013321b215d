import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readReferenceSet } from '@sekisho/appraisal'
import { DATABASES } from './everywhere.ts'
import { ACTOR, attested, brokerOver, furnish, later, referenceOf, sharedWorld, teeKeys, worldVerifier } from './kit.ts'

for (const [where, skip, open] of DATABASES)
  test(`${where}: a match is of the values that evidence had, of evidence that passed, and of no later set`, {
    skip,
  }, async (t) => {
    const at = new Date()
    const verifier = await worldVerifier(t, sharedWorld())
    const broker = await brokerOver(await open(t), verifier)
    const machine = sharedWorld().snp()
    const by = { actor: ACTOR, at }
    const attest = async (late: number, one = machine): Promise<string | undefined> => {
      const { outcome } = await attested(broker, one, { namespace: 'default', at: later(at, late), keys: teeKeys() })
      return outcome.refusal?.code
    }
    const seen = async (): Promise<readonly unknown[]> =>
      (await broker.admin.references('default')).map(({ lastMatched, unmatchedValues }) => [
        lastMatched,
        unmatchedValues,
      ])
    await furnish(broker, 'default', at)
    const set = readReferenceSet(referenceOf(verifier, machine, 'mine'))
    const measurement = set.values['measurement']
    assert.ok(Array.isArray(measurement))
    const other = 'ab'.repeat(48)
    const both = { ...set, values: { ...set.values, measurement: [...measurement, other.toUpperCase()] } }

    await broker.admin.putReference('default', both, by)
    assert.deepEqual(await seen(), [[undefined, undefined]])
    assert.equal(await attest(0), undefined)
    const noted = [at, [{ member: 'measurement', value: other }]]
    assert.deepEqual(await seen(), [noted])

    await broker.admin.putReference('default', { ...both, owner: 'another' }, by)
    assert.deepEqual(await seen(), [noted], 'the same values of another owner keep their mark')
    await broker.admin.putReference('default', set, by)
    assert.deepEqual(await seen(), [[undefined, undefined]], 'other values have none')
    assert.equal(await attest(1), undefined)
    assert.deepEqual(await seen(), [[later(at, 1), undefined]])

    await broker.admin.deleteReference('default', 'mine', by)
    await broker.admin.putReference('default', set, by)
    assert.deepEqual(await seen(), [[undefined, undefined]], 'nor has a set that was there before')
    assert.equal(await attest(2), undefined)
    assert.deepEqual(await seen(), [[later(at, 2), undefined]], 'a new set is noted at once')

    await broker.admin.putReference('default', { ...set, values: { ...set.values, minReportedTcb: { snp: 255 } } }, by)
    assert.equal(typeof (await attest(3)), 'string')
    assert.deepEqual(await seen(), [[undefined, undefined]], 'evidence that is refused marks nothing')
  })
