import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, type Log, openDatabase, openLog } from '@sekisho/broker'
import { generateKey } from '@sekisho/emulator/kit'
import { median } from './measure.ts'
import type { Row } from './rows.ts'

const WRITERS = 32
const ROUNDS = 9
const ENTRIES_A_ROUND = 10_000
const LARGE = 1_000_000
const TARGET = 20_000

/** A decision's entry has about this many bytes. */
const ENTRY = 400

interface OpenLog {
  readonly db: Database
  readonly log: Log
}

/**
 * The log on the embedded database: entries a second that are on disk, each from a transaction of
 * its own, at 32 writers that wait for each before the next; beginning empty, and with a million
 * leaves. Both are filled in turns, so that a busy machine slows both alike.
 */
export async function brokerLogRows(): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-bench-'))
  try {
    const [small, large] = [await open(join(folder, 'small')), await open(join(folder, 'large'))]
    await fill(large)
    for (const each of [small, large]) await entriesPerSecond(each)
    const rates: { small: number; large: number }[] = []
    for (let round = 0; round < ROUNDS; round++) {
      rates.push({ small: await entriesPerSecond(small), large: await entriesPerSecond(large) })
    }
    await small.db.close()
    await large.db.close()
    const rate = median(rates.map((pair) => pair.small))
    const largeRate = median(rates.map((pair) => pair.large))
    return [
      {
        what: `durable log entries a second at ${WRITERS} writers / ${TARGET}`,
        ours: `${Math.round(rate)}/s`,
        against: `${TARGET}/s`,
        ratio: rate / TARGET,
        target: 1,
        sense: 'at-least',
      },
      {
        what: 'the same with a million leaves / with a short log',
        ours: `${Math.round(largeRate)}/s`,
        against: `short log ${Math.round(rate)}/s`,
        ratio: median(rates.map((pair) => pair.large / pair.small)),
        target: 0.95,
        sense: 'at-least',
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function open(folder: string): Promise<OpenLog> {
  const db = await openDatabase({ folder })
  const { privateKey } = generateKey('Ed25519')
  return { db, log: await openLog(db, { origin: 'bench.example/log', signingKey: privateKey }) }
}

async function fill({ db, log }: OpenLog): Promise<void> {
  for (let done = 0; done < LARGE; done += 10_000) {
    await db.transaction(async (sql) => {
      for (let i = 0; i < 10_000; i++) await log.append(sql, entryOf(done + i))
    })
  }
}

async function entriesPerSecond({ db, log }: OpenLog): Promise<number> {
  let next = 0
  const start = performance.now()
  await Promise.all(
    Array.from({ length: WRITERS }, async () => {
      while (next < ENTRIES_A_ROUND) {
        const entry = entryOf(next++)
        await db.transaction((sql) => log.append(sql, entry))
      }
    }),
  )
  return (ENTRIES_A_ROUND * 1000) / (performance.now() - start)
}

function entryOf(i: number): Uint8Array {
  const entry = Buffer.alloc(ENTRY, 0x61)
  entry.writeUInt32BE(i)
  return entry
}
