import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import { checkpointBody } from '../../src/log/checkpoint.ts'
import { exportLog, folderReader, type LogReader, logFiles, logReader, urlReader } from '../../src/log/files.ts'
import { type Log, openLog } from '../../src/log/log.ts'
import { hashLeaf, hashNode } from '../../src/log/merkle.ts'
import { signNote } from '../../src/log/note.ts'
import { formatBundle, formatLogPath, parseLogPath, splitBundle, TILE_WIDTH } from '../../src/log/tiles.ts'
import { trustTiles } from '../../src/log/trusted-tiles.ts'
import { type LogVerdict, verifyLogExport } from '../../src/log/verify-log.ts'
import { openDatabase } from '../../src/storage/database.ts'
import type { Database } from '../../src/storage/sql.ts'
import { temporaryFolder } from '../storage/fixtures.ts'
import { naiveRoot } from './naive.ts'

const origin = 'log.example/sekisho'
const signingKey = generateKey('Ed25519').privateKey
const SIZE = 256 * 3 + 41
const entryOf = (i: number): Buffer => Buffer.from(`{"id":"dec_${i}","pad":"${'x'.repeat(i % 40)}"}`)
const allEntries = Array.from({ length: SIZE }, (_, i) => entryOf(i))

type Files = Map<string, Uint8Array>

describe('tiles above the leaves of 65,536 entries', () => {
  // Of entries that are all the same, so that two full tiles stand for 257.
  const full = (hash: Uint8Array): Buffer[] => Array.from({ length: TILE_WIDTH }, () => Buffer.from(hash))
  const frontierRoot = (tile: readonly Uint8Array[]): Uint8Array =>
    tile.length === 1
      ? (tile[0] as Uint8Array)
      : frontierRoot(tile.flatMap((left, i) => (i % 2 === 0 ? [hashNode(left, tile[i + 1] as Uint8Array)] : [])))
  const leaves = full(hashLeaf(entryOf(1)))
  const parents = full(frontierRoot(leaves))
  const root = frontierRoot(parents)
  const trusted = (parent: Uint8Array | undefined): ReturnType<typeof trustTiles> =>
    trustTiles(async (path) => (path === 'tile/2/000.p/1' ? root : path === 'tile/1/000' ? parent : undefined), {
      size: TILE_WIDTH * TILE_WIDTH,
      root,
    })

  it('vouch for what stands below them, and for nothing else', async () => {
    const tiles = await trusted(Buffer.concat(parents))
    assert.equal(tiles.problem, undefined)
    for (const index of [0, 255]) assert.equal(tiles.judge(index, leaves), 'signed')
    assert.equal(tiles.judge(7, parents), 'altered')
    assert.equal(tiles.judge(256, leaves), 'unknown')
  })

  it('vouch for nothing when they are missing, altered, cut or longer', async () => {
    const good = Buffer.concat(parents)
    const altered = Buffer.concat([...parents.slice(1), leaves[0] as Uint8Array])
    for (const wrong of [undefined, altered, good.subarray(32), Buffer.concat([good, root])]) {
      const tiles = await trusted(wrong)
      assert.equal(tiles.problem, 'tile 1/0 is missing or altered')
      assert.equal(tiles.judge(0, leaves), 'unknown')
    }
  })
})

describe('verification of a log', () => {
  let db: Database
  let log: Log
  let exported: Files
  let earlier: string
  const folder = join(temporaryFolder(), 'export')

  before(async () => {
    db = await openDatabase({ folder: join(temporaryFolder(), 'data') })
    log = await openLog(db, { origin, signingKey })
    const add = (entries: readonly Buffer[]): Promise<unknown> =>
      db.transaction(async (sql) => {
        for (const entry of entries) await log.append(sql, entry)
      })
    await add(allEntries.slice(0, 300))
    earlier = await log.checkpoint()
    await add(allEntries.slice(300))
    assert.equal(await exportLog(log, folder), SIZE)
    exported = new Map()
    for (const path of [{ kind: 'checkpoint' } as const, ...logFiles(SIZE)]) {
      const text = formatLogPath(path)
      exported.set(text, readFileSync(join(folder, text)))
    }
  })
  after(async () => {
    await db.close()
  })

  /** The verdict on the exported files after `change` had its way with them. */
  const verdictOn = (change: (files: Files) => void, kept: readonly string[] = []): Promise<LogVerdict> => {
    const files = new Map(exported)
    change(files)
    return verifyLogExport(async (path) => files.get(path), log.verifierKey, { earlier: kept })
  }
  const changeEntries = (files: Files, bundle: number, change: (entries: Uint8Array[]) => void): void => {
    const width = Math.min(TILE_WIDTH, SIZE - bundle * TILE_WIDTH)
    const path = formatLogPath({ kind: 'entries', index: bundle, width })
    const entries = [...splitBundle(files.get(path) ?? Buffer.alloc(0), width).entries]
    change(entries)
    files.set(path, formatBundle(entries))
  }
  const bad = (verdict: LogVerdict): { index: number | undefined; lastIndex: number | undefined; problem: string } => {
    assert.ok(!verdict.valid)
    return { index: verdict.index, lastIndex: verdict.lastIndex, problem: verdict.problem }
  }
  /** The files of another history, signed with the log's own key: what its operator could make. */
  const forged = async (entries: readonly Uint8Array[]): Promise<LogReader> => {
    const other = await openDatabase({ folder: join(temporaryFolder(), 'data') })
    const otherLog = await openLog(other, { origin, signingKey })
    await other.transaction(async (sql) => {
      for (const entry of entries) await otherLog.append(sql, entry)
    })
    const files: Files = new Map()
    for (const path of [{ kind: 'checkpoint' } as const, ...logFiles(entries.length)]) {
      const bytes = await logReader(otherLog)(formatLogPath(path))
      assert.ok(bytes)
      files.set(formatLogPath(path), bytes)
    }
    await other.close()
    return async (path) => files.get(path)
  }

  it('finds a whole log whole: from memory, a folder, the database and an address', async () => {
    const root = naiveRoot(allEntries).toString('base64')
    const whole = { valid: true, origin, size: SIZE, root }
    assert.deepEqual(await verdictOn(() => undefined, [earlier]), whole)
    assert.deepEqual(await verifyLogExport(folderReader(folder), log.verifierKey), whole)
    assert.deepEqual(await verifyLogExport(logReader(log), log.verifierKey), whole)
    const server = createServer((request, response) => {
      const file = exported.get((request.url ?? '').replace('/log/', ''))
      response.writeHead(file === undefined ? 404 : 200).end(file)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    const url = `http://127.0.0.1:${address.port}/log`
    assert.deepEqual(await verifyLogExport(urlReader(url), log.verifierKey, { earlier: [earlier] }), whole)
    server.close()
  })

  it('finds an altered entry, wherever it is', async () => {
    for (const at of [0, 1, 255, 256, 511, 767, 768, SIZE - 1]) {
      const verdict = await verdictOn((files) =>
        changeEntries(files, Math.floor(at / 256), (entries) => {
          entries[at % 256] = Buffer.from('altered')
        }),
      )
      assert.deepEqual(bad(verdict), {
        index: at,
        lastIndex: undefined,
        problem: `entry ${at} is not the one that was logged`,
      })
    }
  })

  it('finds removed, added and moved entries, and names the first', async () => {
    const removed = await verdictOn((files) => changeEntries(files, 1, (entries) => entries.splice(44, 1)))
    assert.equal(bad(removed).index, 300)
    const removedLast = await verdictOn((files) => changeEntries(files, 3, (entries) => entries.pop()))
    assert.equal(bad(removedLast).index, SIZE - 1)
    const added = await verdictOn((files) =>
      changeEntries(files, 1, (entries) => entries.splice(44, 0, Buffer.from('x'))),
    )
    assert.equal(bad(added).index, 300)
    const moved = await verdictOn((files) =>
      changeEntries(files, 2, (entries) => {
        const [a, b] = [entries[10], entries[200]]
        assert.ok(a && b)
        entries[10] = b
        entries[200] = a
      }),
    )
    assert.equal(bad(moved).index, 522)
  })

  it('names the entries among which one was altered, when its tile was altered with it', async () => {
    const verdict = await verdictOn((files) => {
      changeEntries(files, 1, (entries) => {
        entries[9] = Buffer.from('altered')
      })
      const tile = Buffer.from(files.get('tile/0/001') ?? [])
      tile.set(hashLeaf(Buffer.from('altered')), 9 * 32)
      files.set('tile/0/001', tile)
    })
    assert.deepEqual([bad(verdict).index, bad(verdict).lastIndex], [256, 511])
  })

  it('finds altered and missing tiles and bundles', async () => {
    for (const [path, bytes] of exported) {
      const altered = Buffer.from(bytes)
      altered[altered.length >> 1] = (altered[altered.length >> 1] ?? 0) ^ 4
      assert.equal((await verdictOn((files) => files.set(path, altered))).valid, false, `altered ${path}`)
      assert.equal((await verdictOn((files) => files.delete(path))).valid, false, `missing ${path}`)
      assert.equal((await verdictOn((files) => files.set(path, bytes.subarray(1)))).valid, false, `cut ${path}`)
    }
  })

  it('finds a history that its operator wrote anew, with the checkpoint that was kept', async () => {
    const rewritten = await forged(allEntries.map((entry, i) => (i === 17 ? Buffer.from('altered') : entry)))
    const verify = (kept: readonly string[]): Promise<LogVerdict> =>
      verifyLogExport(rewritten, log.verifierKey, { earlier: kept })
    // Alone, the new history is whole: that is what keeping checkpoints is for.
    assert.equal((await verify([])).valid, true)
    const found = bad(await verify([earlier]))
    assert.deepEqual([found.index, found.lastIndex], [0, 299])
    const empty = signNote(checkpointBody(origin, { size: 0, root: naiveRoot([]) }), origin, signingKey)
    assert.equal((await verify([empty])).valid, true)
    assert.equal((await verify([empty, earlier])).valid, false)
    const later = await forged(allEntries.map((entry, i) => (i === 700 ? Buffer.from('altered') : entry)))
    const last = bad(await verifyLogExport(later, log.verifierKey, { earlier: [await log.checkpoint(), earlier] }))
    assert.deepEqual([last.index, last.lastIndex], [300, SIZE - 1])
  })

  it('finds a log that was cut back behind a checkpoint that was kept', async () => {
    const cut = await forged(allEntries.slice(0, 500))
    const found = bad(await verifyLogExport(cut, log.verifierKey, { earlier: [await log.checkpoint()] }))
    assert.equal(found.index, 500)
    assert.match(found.problem, /signed 809 earlier/)
  })

  it('refuses a checkpoint of another key, and one that signs another root', async () => {
    const root = Buffer.alloc(32, 1)
    const body = checkpointBody(origin, { size: SIZE, root })
    const foreign = signNote(body, origin, generateKey('Ed25519').privateKey)
    const byOther = bad(await verdictOn((files) => files.set('checkpoint', Buffer.from(foreign))))
    assert.match(byOther.problem, /no signature of the key/)
    const wrong = signNote(body, origin, signingKey)
    const byUs = bad(await verdictOn((files) => files.set('checkpoint', Buffer.from(wrong))))
    assert.deepEqual([byUs.index, byUs.lastIndex], [0, SIZE - 1])
    await assert.rejects(verifyLogExport(folderReader(folder), log.verifierKey, { earlier: [foreign] }), TypeError)
    await assert.rejects(verifyLogExport(folderReader(folder), 'no key'), TypeError)
  })

  it('takes full tiles where the partial ones of a grown log are gone', async () => {
    const half = signNote(
      checkpointBody(origin, { size: 300, root: naiveRoot(allEntries.slice(0, 300)) }),
      origin,
      signingKey,
    )
    const verdict = await verdictOn((files) => files.set('checkpoint', Buffer.from(half)))
    // The tile 1/000 of the larger log is partial itself, and the smaller one's is not kept.
    assert.match(bad(verdict).problem, /entries are what was signed/)
    const kept = await verdictOn((files) => {
      files.set('checkpoint', Buffer.from(half))
      files.set('tile/1/000.p/1', (files.get('tile/1/000.p/3') ?? Buffer.alloc(0)).subarray(0, 32))
    })
    assert.equal(kept.valid, true)
  })

  it('verifies logs of every size around the edges of tiles', async () => {
    for (const size of [0, 1, 255, 256, 257, 512]) {
      const read = await forged(allEntries.slice(0, size))
      const verdict = await verifyLogExport(read, log.verifierKey)
      const root = naiveRoot(allEntries.slice(0, size)).toString('base64')
      assert.deepEqual(verdict, { valid: true, origin, size, root })
    }
  })

  it('reads nothing but files of a log', async () => {
    assert.ok(existsSync(join(folder, 'checkpoint')))
    assert.equal(await folderReader(folder)('../data/sekisho.db'), undefined)
    assert.equal(await folderReader(folder)('tile/9/000'), undefined)
  })
})

describe('paths of a log', () => {
  it('are read as they are written', () => {
    const paths: readonly (readonly [string, ReturnType<typeof parseLogPath>])[] = [
      ['checkpoint', { kind: 'checkpoint' }],
      ['tile/0/000', { kind: 'tile', level: 0, index: 0, width: 256 }],
      ['tile/12/x001/x234/067', { kind: 'tile', level: 12, index: 1_234_067, width: 256 }],
      ['tile/63/999.p/255', { kind: 'tile', level: 63, index: 999, width: 255 }],
      ['tile/entries/x001/000.p/1', { kind: 'entries', index: 1000, width: 1 }],
    ]
    for (const [text, path] of paths) {
      assert.deepEqual(parseLogPath(text), path)
      assert.ok(path)
      assert.equal(formatLogPath(path), text)
    }
  })

  it('that no log has are refused', () => {
    const wrong = [
      '',
      '/checkpoint',
      'checkpoint/',
      'tile',
      'tile/0',
      'tile/00/000',
      'tile/64/000',
      'tile/0/0',
      'tile/0/1000',
    ]
    wrong.push(
      'tile/0/x000/001',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/999',
      'tile/0/000.p/01',
      'tile/-1/000',
    )
    wrong.push('tile/0/000/..', 'tile/entries/x1/000', 'tile/0/x001/x002', `tile/0/${'x001/'.repeat(20)}000`)
    for (const text of wrong) assert.equal(parseLogPath(text), undefined, text)
  })
})
