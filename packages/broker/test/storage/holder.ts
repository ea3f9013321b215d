/** A process of its own that opens a database: it says `open`, or why it may not, and then waits. */
import { openDatabase } from '../../src/storage/database.ts'
import { StorageError } from '../../src/storage/errors.ts'

const [location = ''] = process.argv.slice(2)
try {
  const db = await openDatabase(location.startsWith('postgres:') ? { url: location } : { folder: location })
  db.listen('greetings', (payload) => console.log(`heard ${payload}`))
  process.stdin.on('data', (text) => {
    db.notify('answers', String(text).trim()).catch((error: unknown) => console.log(`failed ${String(error)}`))
  })
  process.stdin.on('end', () => db.close())
  console.log('open')
} catch (error) {
  console.log(error instanceof StorageError ? `${error.code}: ${error.message}` : String(error))
}
