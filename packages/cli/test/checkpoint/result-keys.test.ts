import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { type Checkpoint, type Owner, ownerOf, rows, text } from './shared.ts'

describe('sekisho result-key', () => {
  let owner: Owner & { readonly checkpoint: Checkpoint }
  const listed = async (): Promise<readonly (readonly [string, string])[]> =>
    rows((await owner.json(['result-key', 'list']))['keys']).map((row) => [text(row['state']), text(row['kid'])])
  before(async () => {
    owner = await ownerOf('result-keys')
  })

  it('list shows the key that signs and the next one, and nothing secret', async () => {
    const out = await owner.ok(['result-key', 'list'])
    assert.match(out, /^KEY +STATE +MADE +SIGNS SINCE +ENDED +ACCEPTED UNTIL/)
    assert.match(out, /^[\w-]{43} +current +20\S+ \S+Z +20\S+ \S+Z +– +–$/m)
    assert.match(out, /^[\w-]{43} +next +20\S+ \S+Z +– +– +–$/m)
    const keySet = await (await fetch(`${owner.checkpoint.up.url}/.well-known/jwks.json`)).text()
    for (const [, kid] of await listed()) assert.ok(keySet.includes(kid))
    assert.ok(!keySet.includes('"d"'))
  })

  it('rotate waits until relying parties know the next key, and revoke takes any of them', async () => {
    const [[, current = ''] = [], [, next = ''] = []] = await listed()
    const out = await owner.ok(['result-key', 'rotate', '--early'])
    assert.ok(
      out.startsWith(`${next} signs from now on.\nResults of ${current} are accepted until the last has ended.`),
    )
    // The next one is of this moment now, however long ago the checkpoint was started.
    const early = await owner.run(['result-key', 'rotate'])
    assert.equal(early.code, 1)
    assert.match(early.err, /relying parties may not know it: wait \d+ s, or rotate early/)
    assert.match(await owner.ok(['result-key', 'list']), new RegExp(`^${current} +retired .* 20\\S+ \\S+Z$`, 'm'))
    const told = await owner.ok(['result-key', 'revoke', current])
    assert.equal(told, `${current} is revoked: its results are refused, and 0 leases ended.\n${next} signs.\n`)
    assert.match(await owner.ok(['result-key', 'list']), new RegExp(`^${current} +revoked .* –$`, 'm'))
    const again = await owner.run(['result-key', 'revoke', current])
    assert.equal(again.code, 1)
    assert.match(again.err, /this key was revoked before/)
    // As ids of keys from before may.
    const dashed = await owner.run(['result-key', 'revoke', '--', `-${current.slice(1)}`])
    assert.match(dashed.err, /there is no result key of that id/)
    const wrong = await owner.run(['result-key', 'revoke', 'lse_1'])
    assert.equal(wrong.code, 64)
    assert.match(wrong.err, /expected the id of a key, 43 characters/)
  })
})
