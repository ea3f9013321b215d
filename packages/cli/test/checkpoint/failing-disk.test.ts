import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { emulatedAttester, requestLeasedSecret } from '@sekisho/attester'
import { createWorld, type World } from '@sekisho/emulator'
import { scratch } from '../process.ts'
import { until } from '../until.ts'
import { savedWorld } from '../world.ts'
import { members, type Owner, ownerAt, ready, rows, text } from './shared.ts'
import { startUp, type Up } from './up.ts'

const home = scratch()
const data = join(home, 'data')

/** The kernel refuses a process writes past this place of a file (setrlimit(2), RLIMIT_FSIZE). */
function limitWrites(pid: number, bytes: number | 'unlimited'): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`])
  assert.equal(status, 0, String(stderr))
}

/** False, or why no write of a running process can be made to fail. */
function missing(): string | false {
  const { status } = spawnSync('prlimit', ['--pid', String(process.pid), '--fsize'])
  return status === 0 ? false : 'no prlimit (Linux, util-linux) to make writes of a process fail'
}

describe('a disk that fails under a running checkpoint', { skip: missing() }, () => {
  let up: Up
  let owner: Owner
  let world: World
  const released = async (): Promise<string> =>
    (
      await requestLeasedSecret({
        url: up.url,
        attester: emulatedAttester(world, world.snp({})),
        resource: 'demo/db/password',
      })
    ).decision
  /** Entries in the log. */
  const size = async (): Promise<number> =>
    Number((await (await fetch(`${up.url}/log/checkpoint`)).text()).split('\n')[1])
  const isReady = async (): Promise<boolean> => (await fetch(`${up.url}/readyz`)).status === 200

  before(async () => {
    mkdirSync(data, { mode: 0o700 })
    const file = join(data, 'world.json')
    writeFileSync(file, await savedWorld(), { mode: 0o600 })
    up = await startUp(['--emulated', '--offline', '--data', data])
    owner = ownerAt(join(home, 'profile.json'), 'default', home)
    await owner.ok(['login', '--data', data])
    world = createWorld({ saved: await savedWorld() })
    await ready(owner, file, 'kept', ['snp'])
  })

  after(async () => {
    await up.stop()
  })

  it('nothing is released and nothing changed, the answers say why, and it goes on by itself', async () => {
    const first = await released()
    limitWrites(up.pid, 0)
    const before = await size()
    await assert.rejects(released(), /storage-io/)
    const put = await owner.run(['secret', 'put', 'demo/db/other'], { input: 'x' })
    assert.equal(put.code, 3)
    assert.match(put.err, /the database cannot serve this now: its disk [^;]+; nothing was stored or released/)
    const refused = await fetch(`${up.url}/readyz`)
    assert.equal(refused.status, 503)
    assert.match(await refused.text(), /so that nothing can be released: its disk fails, or may only be read/)
    const doctor = await owner.run(['doctor'])
    assert.equal(doctor.code, 1)
    assert.match(doctor.out, /server: .*its disk fails.*mend +see that the disk of the\s+database is sound/s)
    assert.equal((await fetch(`${up.url}/healthz`)).status, 200)
    assert.equal((await owner.json(['policy', 'show']))['version'], 1, 'what is there is read')
    assert.equal(await size(), before)
    limitWrites(up.pid, 'unlimited')
    await until('it is ready again', isReady, up.err)
    const second = await released()
    const ids = rows((await owner.json(['decision', 'list', '--kind', 'release']))['decisions']).map(({ id }) => id)
    assert.deepEqual(ids, [second, first])
    assert.doesNotMatch(await owner.ok(['secret', 'list']), /demo\/db\/other/)
  })

  it('what was acknowledged is in the log, whichever writes of others failed beside it, also after a kill', async () => {
    const acknowledged: string[] = []
    let refusals = 0
    for (const bytes of [600_000, 'unlimited', 0, 'unlimited', 1_000_000, 4096, 'unlimited'] as const) {
      limitWrites(up.pid, bytes)
      const asked = await Promise.allSettled(Array.from({ length: 8 }, released))
      for (const one of asked) {
        if (one.status === 'fulfilled') acknowledged.push(one.value)
        else refusals++
      }
    }
    assert.ok(acknowledged.length >= 24 && refusals >= 8, `${acknowledged.length} acknowledged, ${refusals} refused`)
    await up.stop('SIGKILL')
    up = await startUp(['--emulated', '--offline', '--data', data])
    const { token } = members(JSON.parse(readFileSync(join(home, 'profile.json'), 'utf8')))
    const at = ['--server', up.url, '--token-file', owner.file('token', text(token))]
    const page = await owner.json(['decision', 'list', '--kind', 'release', '--limit', '200', ...at])
    const kept = new Set(rows(page['decisions']).map(({ id }) => id))
    for (const id of acknowledged) assert.ok(kept.has(id), `${id} was acknowledged`)
    await owner.ok(['log', 'export', owner.path('log'), ...at])
    const key = owner.file('log.key', String((await owner.json(['log', 'key', ...at]))['verifierKey']))
    await owner.ok(['log', 'verify', owner.path('log'), '--key', key])
  })
})
