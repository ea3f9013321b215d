/**
 * A process of its own that writes under load until it is killed. After every transaction that was
 * acknowledged it prints `kept`, the id it wrote and the index of its log entry.
 */
import { createPrivateKey, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { openLog } from '../../src/log/log.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { StorageError } from '../../src/storage/errors.ts'

const WRITERS = 16

const [location = '', keyFile = '', origin = ''] = process.argv.slice(2)
const db = await openDatabase(location.startsWith('postgres:') ? { url: location } : { folder: location })
const log = await openLog(db, { origin, signingKey: createPrivateKey(readFileSync(keyFile)) })
console.log('open')

await Promise.all(
  Array.from({ length: WRITERS }, async () => {
    for (;;) {
      const id = randomUUID()
      try {
        const { index } = await db.transaction(async (sql) => {
          await sql.run('INSERT INTO settings (name, value) VALUES (?, ?)', [id, 'x'.repeat(300)])
          return await log.append(sql, Buffer.from(id))
        })
        console.log(`kept ${id} ${index}`)
      } catch (error) {
        if (!(error instanceof StorageError)) throw error
        console.log(`refused ${error.code}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }),
)
