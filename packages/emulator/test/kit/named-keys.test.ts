import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createWorld } from '../../src/index.ts'
import { generateKey, keptRsaKeys, namedKey, spkiSha256 } from '../../src/kit/index.ts'
import { keptInFolder } from '../../src/kit/key-folder.ts'

describe('keys by name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-keys-'))
  after(() => rmSync(folder, { recursive: true }))
  const make = () => generateKey('RSA-2048')

  it('are the same at each use, and others under another name', () => {
    assert.equal(namedKey('a', 'P-256'), namedKey('a', 'P-256'))
    assert.notEqual(spkiSha256(namedKey('a', 'P-256')), spkiSha256(namedKey('b', 'P-256')))
    assert.notEqual(spkiSha256(namedKey('a', 'P-256')), spkiSha256(namedKey('a', 'P-384')))
  })

  it('in a folder: read back, for nobody else to read, and with nothing left beside them', () => {
    const first = keptInFolder(folder, 'one', make)
    const again = keptInFolder(folder, 'one', () => assert.fail('it is there'))
    assert.equal(spkiSha256(again), spkiSha256(first))
    assert.notEqual(spkiSha256(keptInFolder(folder, 'two', make)), spkiSha256(first))
    const files = readdirSync(folder)
    assert.equal(files.length, 2)
    for (const file of files) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600)
  })

  it('another process that made the same one first: its key counts', () => {
    let theirs = ''
    const mine = keptInFolder(folder, 'both', () => {
      theirs = spkiSha256(keptInFolder(folder, 'both', make))
      return make()
    })
    assert.equal(spkiSha256(mine), theirs)
  })

  it('one process makes it, and another that wants it meanwhile waits for that', async () => {
    const [made, begun] = [join(folder, 'made'), join(folder, 'begun')]
    const module = new URL('../../src/kit/key-folder.js', import.meta.url).href
    const kit = new URL('../../src/kit/index.js', import.meta.url).href
    // The first holds on until the second has begun; both note when they make one.
    const code = (hold: string): string => `
      import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
      const { keptInFolder } = await import('${module}')
      const { generateKey, spkiSha256 } = await import('${kit}')
      const [made, begun] = ${JSON.stringify([made, begun])}
      if (!${hold}) writeFileSync(begun, '')
      console.log(spkiSha256(keptInFolder(${JSON.stringify(folder)}, 'wanted by two', () => {
        appendFileSync(made, 'x')
        const bell = new Int32Array(new SharedArrayBuffer(4))
        while (${hold} && !existsSync(begun)) Atomics.wait(bell, 0, 0, 5)
        // So long, the second looks for it.
        if (${hold}) Atomics.wait(bell, 0, 0, 200)
        return generateKey('RSA-2048')
      })))`
    const ask = async (hold: boolean): Promise<string> => {
      const args = ['--input-type=module', '-e', code(`${hold}`)]
      return (await promisify(execFile)(process.execPath, args, { timeout: 60_000 })).stdout
    }
    const first = ask(true)
    const deadline = Date.now() + 60_000
    while (!existsSync(made) && Date.now() < deadline) await setTimeout(5)
    assert.equal(await ask(false), await first)
    assert.equal(readFileSync(made, 'utf8'), 'x')
  })

  it('a process that ended while it made one is not waited for', () => {
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    const file = `${createHash('sha256').update('given up').digest('hex')}.pem`
    writeFileSync(join(folder, `${file}.making`), `${pid}`)
    const mine = keptInFolder(folder, 'given up', make)
    const again = keptInFolder(folder, 'given up', () => assert.fail('it is there'))
    assert.equal(spkiSha256(again), spkiSha256(mine))
  })

  it('a key that cannot be made leaves nothing, and the next makes it', () => {
    const fails = () => keptInFolder(folder, 'failing', () => assert.fail('no key'))
    assert.throws(fails, /no key/)
    assert.equal(spkiSha256(keptInFolder(folder, 'failing', make)).length, 64)
  })

  it('a folder that is not there is an error, and no key', () => {
    assert.throws(() => keptInFolder(join(folder, 'none'), 'one', make), { code: 'ENOENT' })
  })

  it('of two processes with one folder are the same; without it they are not', () => {
    const ask = (env: Readonly<Record<string, string>>): string => {
      const kit = new URL('../../src/kit/index.js', import.meta.url).href
      const code = `const kit = await import('${kit}'); console.log(kit.spkiSha256(kit.namedKey('x', 'RSA-2048')))`
      const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
        encoding: 'utf8',
        env: { ...process.env, SEKISHO_KIT_KEYS: '', ...env },
      })
      assert.equal(status, 0, stderr)
      return stdout
    }
    assert.equal(ask({ SEKISHO_KIT_KEYS: folder }), ask({ SEKISHO_KIT_KEYS: folder }))
    assert.notEqual(ask({}), ask({}))
  })

  it('for worlds: the same AMD roots with one label, and nothing else in common', async () => {
    const first = createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys() })
    const second = createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys() })
    await Promise.all([first.ready(), second.ready()])
    const root = ({ anchors }: typeof first) => anchors.find(({ id }) => id.includes('genoa'))?.spkiSha256 ?? 'none'
    assert.deepEqual(root(first), root(second))
    assert.notDeepEqual(first.intel.anchor, second.intel.anchor)
    const reopened = createWorld({ saved: second.save() })
    assert.deepEqual(root(reopened), root(second))
  })
})
