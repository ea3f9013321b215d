import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  describeTpm,
  extendPcr,
  getRandom,
  openTpm,
  readBanks,
  readHandles,
  readNv,
  readPcrValues,
  readPublic,
  resetPcr,
  type TpmDevice,
  TpmError,
} from '../src/index.ts'
import { createPrimary, loadContext, saveContext } from '../src/tpm/keys.ts'
import { startPolicySession } from '../src/tpm/sessions.ts'
import { akTemplate, EK_TEMPLATES } from '../src/tpm/templates.ts'
import { failure } from './failure.ts'
import { type Swtpm, startSwtpm, swtpmMissing } from './swtpm.ts'

const ALL = Array.from({ length: 24 }, (_, i) => i)

describe('a TPM spoken to over its socket', { skip: swtpmMissing }, () => {
  let swtpm: Swtpm
  let tpm: TpmDevice
  before(async () => {
    swtpm = await startSwtpm()
    tpm = await openTpm({ socket: swtpm.socket })
  })
  after(async () => {
    await tpm?.close()
    await swtpm?.stop()
  })

  it('gives as many random bytes as asked for, even more than one digest', async () => {
    const [one, other] = await tpm.use(async (channel) => [await getRandom(channel, 64), await getRandom(channel, 64)])
    assert.equal(one?.length, 64)
    assert.notDeepEqual(one, other)
  })

  it('tells its maker and active banks', async () => {
    const { description, banks } = await tpm.use(async (channel) => ({
      description: await describeTpm(channel),
      banks: await readBanks(channel),
    }))
    assert.equal(description.manufacturer, 'IBM')
    assert.deepEqual([...banks.keys()], ['sha256', 'sha384'])
    assert.deepEqual(banks.get('sha256'), ALL)
  })

  it('reads all 24 PCRs, which a TPM gives eight at a time, and sees an extend', async () => {
    const read = () => tpm.use((channel) => readPcrValues(channel, { bank: 'sha256', pcrs: ALL }))
    const first = (await read())['sha256'] ?? {}
    assert.deepEqual(Object.keys(first).map(Number), ALL)
    assert.equal(first['16'], '00'.repeat(32))
    assert.equal(first['17'], 'ff'.repeat(32))
    await tpm.use((channel) => extendPcr(channel, 16, { sha256: new Uint8Array(32).fill(1) }))
    const second = (await read())['sha256'] ?? {}
    assert.notEqual(second['16'], first['16'])
    await tpm.use((channel) => resetPcr(channel, 16))
    assert.deepEqual((await read())['sha256'], first)
  })

  it('refuses to extend with a digest of another size before a command is sent', async () => {
    await assert.rejects(
      tpm.use((channel) => extendPcr(channel, 16, { sha256: new Uint8Array(20) })),
      TypeError,
    )
  })

  it('names the response code, and the argument that it is about', async () => {
    const error = await failure(
      tpm.use((channel) => resetPcr(channel, 0)),
      TpmError,
    )
    assert.equal(error.code, 'refused')
    assert.equal(error.responseCode?.name, 'TPM_RC_LOCALITY')
    const other = await failure(
      tpm.use((channel) => readPublic(channel, 0x81f00000)),
      TpmError,
    )
    assert.equal(other.responseCode?.name, 'TPM_RC_HANDLE')
    assert.deepEqual(other.responseCode?.about, { kind: 'handle', number: 1 })
  })

  it('flushes what work has opened, however it ends, as there are three slots', async () => {
    for (let i = 0; i < 5; i++) {
      await assert.rejects(
        tpm.use(async (channel) => {
          for (let slot = 0; slot < 3; slot++) await createPrimary(channel, 'owner', akTemplate('ecc-p256'))
          for (let slot = 0; slot < 3; slot++) await startPolicySession(channel, 'sha256')
          throw new Error('work that fails')
        }),
        /work that fails/,
      )
    }
    const error = await failure(
      tpm.use(async (channel) => {
        for (let slot = 0; slot < 4; slot++) await createPrimary(channel, 'owner', akTemplate('ecc-p256'))
      }),
      TpmError,
    )
    assert.equal(error.responseCode?.name, 'TPM_RC_OBJECT_MEMORY')
    const left = await tpm.use((channel) => readHandles(channel, 0x80000000))
    assert.deepEqual(left, [])
  })

  it('makes the same key of the same template, and loads it from its context', async () => {
    const names = await tpm.use(async (channel) => {
      const key = await createPrimary(channel, 'endorsement', akTemplate('ecc-p256'))
      const context = await saveContext(channel, key.handle)
      const loaded = await readPublic(channel, await loadContext(channel, context))
      const other = await createPrimary(channel, 'endorsement', akTemplate('ecc-p256', new Uint8Array([1])))
      return [key.name, loaded.name, other.name].map((name) => Buffer.from(name).toString('hex'))
    })
    assert.equal(names[0], names[1])
    assert.notEqual(names[0], names[2])
  })

  it('makes the endorsement keys that its maker has certified, from the default templates', async () => {
    for (const [id, handle] of [
      ['L-1', 0x81010001],
      ['H-3', 0x81010016],
    ] as const) {
      const template = EK_TEMPLATES.find((one) => one.id === id)
      assert.ok(template)
      const [kept, made] = await tpm.use(async (channel) => [
        await readPublic(channel, handle),
        await createPrimary(channel, 'endorsement', template.area),
      ])
      assert.deepEqual(made?.area.bytes, kept?.area.bytes, id)
    }
  })

  it('reads certificates from NV, and finds nothing where nothing is', async () => {
    const [rsa, ecc, none] = await tpm.use(async (channel) => [
      await readNv(channel, 0x01c00002),
      await readNv(channel, 0x01c00016),
      await readNv(channel, 0x01c0ffff),
    ])
    assert.equal(rsa?.[0], 0x30)
    assert.equal(ecc?.[0], 0x30)
    assert.equal(none, undefined)
  })

  it('lets works wait for each other', async () => {
    const order: string[] = []
    const work = (name: string) =>
      tpm.use(async (channel) => {
        order.push(`${name} begins`)
        await getRandom(channel, 32)
        order.push(`${name} ends`)
      })
    await Promise.all([work('one'), work('two')])
    assert.deepEqual(order, ['one begins', 'one ends', 'two begins', 'two ends'])
  })

  it('sends commands of one work that come at once one after the other', async () => {
    const values = await tpm.use((channel) => Promise.all([1, 2, 3].map(() => getRandom(channel, 32))))
    assert.equal(new Set(values.map((value) => Buffer.from(value).toString('hex'))).size, 3)
  })

  it('refuses commands of a work that is over', async () => {
    const channel = await tpm.use(async (open) => open)
    await assert.rejects(getRandom(channel, 1), (error) => error instanceof TpmError && error.code === 'closed')
  })
})
