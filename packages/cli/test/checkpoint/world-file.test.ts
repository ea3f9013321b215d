import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { it } from 'node:test'
import { createWorld } from '@sekisho/emulator'
import { keptRsaKeys } from '@sekisho/emulator/kit'
import { openWorld } from '../../src/checkpoint/world-file.ts'
import { scratch } from '../process.ts'

const now = (): Date => new Date('2026-06-15T12:00:00Z')

const NAMES = ['Genoa', 'Milan', 'Turin'].flatMap((product) =>
  ['ark', 'ask', 'asvk'].map((part) => `${product} ${part}`),
)

it('a world is made where there is none, for its owner alone and with all its keys: one for all who come at once', async () => {
  const path = join(scratch(), 'data', 'world.json')
  const asked: string[] = []
  const source = keptRsaKeys()
  const open = (): ReturnType<typeof openWorld> =>
    openWorld(path, now, {
      rsaKey: (name, bits) => {
        asked.push(`${name}, ${bits}`)
        return source(name, bits)
      },
    })
  const [first, second] = await Promise.all([open(), open()])
  const text = readFileSync(path, 'utf8')
  assert.deepEqual(Object.keys(JSON.parse(text).rsa).sort(), NAMES)
  assert.deepEqual(
    [...new Set(asked)].sort(),
    NAMES.map((name) => `${name}, 4096`),
  )
  for (const { world } of [first, second, await open()]) assert.equal(`${world.save()}\n`, text)
  assert.deepEqual(readdirSync(dirname(path)), ['world.json'])
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700)
})

/** A world as it was saved when the key of the ASVK was made at its first use. */
async function older(): Promise<string> {
  const world = createWorld({ now, products: ['Genoa'], rsaKey: keptRsaKeys() })
  await world.ready()
  const state: { rsa: Record<string, string> } = JSON.parse(world.save())
  delete state.rsa['Genoa asvk']
  return `${JSON.stringify(state)}\n`
}

it('the key of the ASVK that an older file lacks is made when it is opened, and kept', async () => {
  const path = join(scratch(), 'world.json')
  writeFileSync(path, await older())
  const { world } = await openWorld(path, now)
  const text = readFileSync(path, 'utf8')
  assert.deepEqual(Object.keys(JSON.parse(text).rsa).sort(), ['Genoa ark', 'Genoa ask', 'Genoa asvk'])
  world.snp({ signedBy: 'vlek' }).collateral()
  assert.equal(`${world.save()}\n`, text)
})

it('where an older file cannot be written, no process has an ASVK of its own, and the error says what to do', async () => {
  // So long a name leaves no room for that of a draft: root may write what is read-only.
  const path = join(scratch(), `${'w'.repeat(245)}.json`)
  const text = await older()
  writeFileSync(path, text)
  const { world } = await openWorld(path, now)
  assert.equal(readFileSync(path, 'utf8'), text)
  assert.throws(() => world.snp({ signedBy: 'vlek' }).collateral(), /has no key Genoa asvk .* where it may be written/)
  assert.equal(world.snp().collateral().ark.length > 0, true)
})

it('tells whoever waits that a new world is made, and nobody who opens it again', async () => {
  const path = join(scratch(), 'world.json')
  let told = 0
  const onMaking = (): void => {
    told++
    throw new Error('enough: keys take long')
  }
  await assert.rejects(openWorld(path, now, { onMaking }), /enough/)
  writeFileSync(path, await older())
  await openWorld(path, now, { onMaking })
  assert.equal(told, 1)
})
