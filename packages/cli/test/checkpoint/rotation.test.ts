import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type MasterKey, masterKeyFrom, StorageError } from '@sekisho/broker'
import { type Checkpoint, openCheckpoint } from '../../src/checkpoint/open.ts'
import { scratch } from '../process.ts'
import { until } from '../until.ts'

const SECRETS = 250
const folder = scratch()
const lines: string[] = []
const opened: Checkpoint[] = []
after(() => Promise.all(opened.map((one) => one.close())))

const master = (byte: string): Promise<MasterKey> =>
  masterKeyFrom({ env: 'KEY', environment: { KEY: byte.repeat(32) } })

async function open(key: MasterKey, former: readonly MasterKey[] = []): Promise<Checkpoint> {
  const checkpoint = await openCheckpoint({
    folder,
    master: key,
    former,
    production: true,
    emulatedAnchors: [],
    source: undefined,
    host: '127.0.0.1',
    port: 0,
    version: '0.0.0',
    now: () => new Date(),
    writeLog: (text) => lines.push(text),
  })
  opened.push(checkpoint)
  return checkpoint
}

test('a server that ends leaves the rest of a rotation to the next start, which goes on after trouble', async () => {
  const [before, next] = [await master('01'), await master('02')]
  const first = await open(before)
  const by = { actor: 'tester', at: new Date() }
  await first.broker.admin.createNamespace('default', by)
  const put = (i: number): Promise<unknown> =>
    first.broker.admin.putSecret('default', { path: `a/b/${i}`, bytes: Buffer.of(i) }, by)
  await Promise.all(Array.from({ length: SECRETS }, (_, i) => put(i)))
  await first.close()

  let wrapped = 0
  let begun: () => void = () => undefined
  const wrapping = new Promise<void>((resolve) => {
    begun = resolve
  })
  let goOn: () => void = () => undefined
  const gate = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const slow: MasterKey = {
    ...next,
    async wrap(dataKey, aad) {
      wrapped++
      begun()
      await gate
      return next.wrap(dataKey, aad)
    },
  }
  const second = await open(slow, [before])
  await wrapping
  const closing = second.close()
  goOn()
  await closing
  assert.ok(wrapped < SECRETS, `${wrapped} were wrapped`)
  assert.deepEqual(rotations().at(-1)?.inUse, [before.id, next.id].sort())

  let isFull = true
  const unlucky: MasterKey = {
    ...next,
    async wrap(dataKey, aad) {
      if (isFull) {
        isFull = false
        throw new StorageError('full', 'the disk is full for a moment')
      }
      return next.wrap(dataKey, aad)
    },
  }
  await open(unlucky, [before])
  await until('the rest is wrapped', () => rotations().length >= 2)
  const last = rotations()[1]
  assert.ok(last !== undefined && last.rewrapped >= SECRETS - wrapped)
  assert.deepEqual(last.inUse, [next.id])
})

interface Rotated {
  readonly msg: string
  readonly rewrapped: number
  readonly inUse: readonly string[]
}

function rotations(): readonly Rotated[] {
  return lines.map((line) => JSON.parse(line) as Rotated).filter(({ msg }) => msg === 'rotation')
}
