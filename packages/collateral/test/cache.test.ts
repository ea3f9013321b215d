import assert from 'node:assert/strict'
import { execFileSync, fork, spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, rename, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type CacheEntry, defaultCacheFolder, diskCache, memoryCache } from '../src/index.ts'
import { temporaryFolder } from './setup.ts'

const entry = (size: number, fill = 1): CacheEntry => ({
  body: new Uint8Array(size).fill(fill),
  headers: { 'tcb-info-issuer-chain': 'a chain' },
  fetched: 1_000,
  expires: 2_000,
})

test('an entry comes back as it was put, and only under its own request', async (t) => {
  const cache = diskCache({ folder: await temporaryFolder(t) })
  assert.equal(await cache.get('a'), undefined)
  await cache.put('a', entry(100))
  assert.deepEqual(await cache.get('a'), entry(100))
  assert.equal(await cache.get('b'), undefined)
  await cache.put('a', entry(100, 2))
  assert.deepEqual(await cache.get('a'), entry(100, 2))
  await cache.drop('a')
  await cache.drop('a')
  assert.equal(await cache.get('a'), undefined)
})

test('folder and files are for their owner only', { skip: process.platform === 'win32' }, async (t) => {
  const folder = await temporaryFolder(t)
  await diskCache({ folder }).put('a', entry(10))
  const inside = join(folder, 'v1')
  const [name] = await readdir(inside)
  assert.equal((await stat(inside)).mode & 0o777, 0o700)
  assert.equal((await stat(join(inside, name ?? ''))).mode & 0o777, 0o600)
})

test('an entry with any byte changed, or cut at any length, is dropped and never given', async (t) => {
  const folder = await temporaryFolder(t)
  const cache = diskCache({ folder })
  await cache.put('a', entry(40))
  const [name] = await readdir(join(folder, 'v1'))
  const path = join(folder, 'v1', name ?? '')
  const good = await readFile(path)
  for (let at = 0; at < good.length; at++) {
    const damaged = Buffer.from(good)
    damaged[at] = (damaged[at] as number) ^ 0x01
    await writeFile(path, damaged)
    const got = await cache.get('a')
    assert.equal(got, undefined, `byte ${at}`)
    assert.deepEqual(await readdir(join(folder, 'v1')), [])
  }
  for (let length = 0; length < good.length; length++) {
    await writeFile(path, good)
    await truncate(path, length)
    assert.equal(await cache.get('a'), undefined)
  }
})

test('an entry renamed to the place of another request is not given', async (t) => {
  const folder = await temporaryFolder(t)
  const cache = diskCache({ folder })
  await cache.put('a', entry(10))
  const [a] = await readdir(join(folder, 'v1'))
  await cache.put('b', entry(10, 2))
  const b = (await readdir(join(folder, 'v1'))).find((name) => name !== a)
  await writeFile(join(folder, 'v1', b ?? ''), await readFile(join(folder, 'v1', a ?? '')))
  assert.equal(await cache.get('b'), undefined)
  assert.deepEqual(await cache.get('a'), entry(10))
})

test('the size bound holds, and the least recently used go first', async (t) => {
  const folder = await temporaryFolder(t)
  let clock = Date.now()
  const cache = diskCache({ folder, maxBytes: 20_000, now: () => new Date(clock) })
  for (const name of ['a', 'b', 'c', 'd']) {
    clock += 1000
    await cache.put(name, entry(4_000))
  }
  clock += 1000
  assert.ok(await cache.get('a'))
  clock += 1000
  await cache.put('e', entry(4_000))
  assert.equal(await cache.get('b'), undefined, 'b was used least recently')
  for (const name of ['a', 'c', 'd', 'e']) assert.ok(await cache.get(name), name)
  assert.ok((await sizeOf(join(folder, 'v1'))) <= 20_000)
  await cache.put('huge', entry(30_000))
  assert.equal(await cache.get('huge'), undefined, 'what is over the bound by itself is not kept')
})

test('a file that a dead process left half written is removed after an hour', async (t) => {
  const folder = await temporaryFolder(t)
  const inside = join(folder, 'v1')
  await mkdir(inside)
  for (const name of ['old.partial', 'new.partial']) await writeFile(join(inside, name), 'half')
  const old = new Date(Date.now() - 2 * 3_600_000)
  await utimes(join(inside, 'old.partial'), old, old)
  await diskCache({ folder }).put('a', entry(10))
  const names = await readdir(inside)
  assert.ok(!names.includes('old.partial') && names.includes('new.partial'))
})

test('what stands in the place of an entry and is no file is not read', {
  skip: process.platform === 'win32',
}, async (t) => {
  const folder = await temporaryFolder(t)
  const cache = diskCache({ folder })
  await cache.put('a', entry(10))
  const [name = ''] = await readdir(join(folder, 'v1'))
  const path = join(folder, 'v1', name)
  const elsewhere = join(folder, 'elsewhere')
  await rename(path, elsewhere)
  const before = await stat(elsewhere)
  for (const target of [elsewhere, '/dev/zero', path, '/nowhere']) {
    await symlink(target, path)
    assert.equal(await cache.get('a'), undefined, target)
    await rm(path, { force: true })
  }
  assert.equal((await stat(elsewhere)).mtimeMs, before.mtimeMs, 'nothing was done to what a link leads to')
  execFileSync('mkfifo', [path])
  assert.equal(await cache.get('a'), undefined, 'a pipe that nobody writes into')
  await rm(path, { force: true })
  await symlink(elsewhere, path)
  await cache.put('a', entry(10, 2))
  assert.deepEqual(await cache.get('a'), entry(10, 2))
  await rm(path)
  await mkdir(path)
  assert.equal(await cache.get('a'), undefined, 'a folder')
  await assert.rejects(cache.put('a', entry(10)), { code: 'cache' })
})

test('entries that a clock far ahead touched are the first to go', async (t) => {
  const folder = await temporaryFolder(t)
  let clock = Date.now() + 400 * 86_400_000
  const cache = diskCache({ folder, maxBytes: 20_000, now: () => new Date(clock) })
  for (const name of ['a', 'b', 'c', 'd']) await cache.put(name, entry(4_000))
  clock -= 400 * 86_400_000
  for (const name of ['e', 'f', 'g', 'h']) await cache.put(name, entry(4_000))
  for (const name of ['e', 'f', 'g', 'h']) assert.ok(await cache.get(name), name)
})

test('a user without a home verifies, and keeps nothing', (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root may run a program as a user without a home')
  const source = `const { diskCache } = await import(${JSON.stringify(new URL('../src/index.js', import.meta.url).href)})
    const entry = { body: new Uint8Array(1), headers: {}, fetched: 1, expires: 2 }
    const cache = diskCache()
    await cache.drop('a')
    console.log(await cache.get('a'), await cache.put('a', entry).catch(({ code }) => code))`
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    cwd: '/',
    env: {},
    uid: 54_321,
    gid: 54_321,
    encoding: 'utf8',
  })
  if (/EACCES|MODULE_NOT_FOUND/.test(ran.stderr)) return t.skip('other users may not read this folder')
  assert.equal(ran.stdout, 'undefined cache\n', ran.stderr)
})

test('a folder that cannot be used is an error of its own when writing, and absence when reading', async (t) => {
  const folder = join(await temporaryFolder(t), 'file')
  await writeFile(folder, 'not a folder')
  const cache = diskCache({ folder })
  assert.equal(await cache.get('a'), undefined)
  await assert.rejects(cache.put('a', entry(10)), { name: 'CollateralError', code: 'cache' })
})

test('several processes write and read the same few entries at once: always whole, nothing left behind', async (t) => {
  const folder = await temporaryFolder(t)
  const child = fileURLToPath(new URL('./cache-writer.js', import.meta.url))
  const results = await Promise.all(
    [1, 2, 3, 4, 5].map(
      (seed) =>
        new Promise<number | null>((resolve) => {
          fork(child, [folder, String(seed)], { stdio: 'inherit' }).on('exit', resolve)
        }),
    ),
  )
  assert.deepEqual(results, [0, 0, 0, 0, 0])
  const names = await readdir(join(folder, 'v1'))
  assert.ok(
    names.every((name) => name.endsWith('.entry')),
    'no temporary or lock files',
  )
  assert.ok((await sizeOf(join(folder, 'v1'))) <= 200_000)
})

test('the default folder follows XDG_CACHE_HOME, else the platform', () => {
  assert.equal(defaultCacheFolder({ XDG_CACHE_HOME: '/cache' }, 'linux', '/home/u'), '/cache/sekisho')
  assert.equal(defaultCacheFolder({ XDG_CACHE_HOME: 'relative' }, 'linux', '/home/u'), '/home/u/.cache/sekisho')
  assert.equal(defaultCacheFolder({}, 'linux', '/home/u'), '/home/u/.cache/sekisho')
  assert.equal(defaultCacheFolder({}, 'darwin', '/Users/u'), '/Users/u/Library/Caches/sekisho')
  assert.match(defaultCacheFolder({ LOCALAPPDATA: 'C:\\Local' }, 'win32', 'C:\\u'), /sekisho.Cache$/)
})

test('the cache in memory is bounded as well', async () => {
  const cache = memoryCache(2)
  for (const name of ['a', 'b']) await cache.put(name, entry(1))
  await cache.get('a')
  await cache.put('c', entry(1))
  assert.equal(await cache.get('b'), undefined)
  assert.ok((await cache.get('a')) && (await cache.get('c')))
  await cache.drop('a')
  assert.equal(await cache.get('a'), undefined)
})

async function sizeOf(folder: string): Promise<number> {
  let total = 0
  for (const name of await readdir(folder)) total += (await stat(join(folder, name))).size
  return total
}
