import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { crash } from './crash.ts'
import { onPostgres, temporaryFolder } from './fixtures.ts'

describe('kill -9 under load: SQLite', () => {
  it('loses nothing that was acknowledged, and the log stays whole', async () => {
    const report = await crash({ folder: join(temporaryFolder(), 'data') }, 8)
    assert.equal(report.kills, 8)
    assert.ok(report.acknowledged >= 8 && report.entries >= report.acknowledged)
  })
})

onPostgres('kill -9 under load', (server) => {
  it('of the process and of the server loses nothing that was acknowledged, and the log stays whole', async () => {
    const postgres = server()
    const location = { url: await postgres.createDatabase() }
    const report = await crash(location, 3, { postgres, killsServer: (round) => round === 1 })
    assert.equal(report.kills, 4)
    assert.ok(report.acknowledged >= 3 && report.entries >= report.acknowledged)
  })
})
