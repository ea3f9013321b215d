import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asking, know, members, ownerOf, ready, rows, text } from './shared.ts'

describe('sekisho doctor against a checkpoint', () => {
  it('names the last refusal of evidence, which never got as far as a resource, and what mends it', async () => {
    const owner = await ownerOf('doctor')
    const { world } = owner.checkpoint
    await ready(owner, world, 'a secret of the doctor', ['snp'])
    const before = await owner.run(['doctor', 'demo/db/password'])
    assert.match(before.out, /decisions: nothing was refused lately/)
    await owner.run([...asking(world), '--measurement', 'ee'.repeat(48)])
    const refused = await owner.run(['doctor', 'demo/db/password'])
    assert.match(refused.out, /decisions: last refusal dec_\w{26}: reference-mismatch snp\.expect\.measurement/)
    assert.match(refused.out, /mend .*eeee/)
    await owner.run(asking(world))
    const released = await owner.run(['doctor', 'demo/db/password'])
    assert.match(released.out, /decisions: last release dec_\w{26}/)
    assert.match(released.out, /storage: [1-9]\S* (bytes|KiB) of refused evidence are kept, of at most 256 MiB/)
  })

  it('has a remedy for each broken link, and lets none hide another', async () => {
    const owner = await ownerOf('doctor-remedies')
    const { world } = owner.checkpoint
    await know(owner, world, 'snp')
    const chain = ['doctor', 'demo/db/password', '--evidence', owner.path('snp.bin'), '--world', world]
    const missing = await owner.run(chain)
    assert.equal(missing.code, 1)
    assert.match(missing.out, /^FAIL {2}policy: .*\n {6}mend sekisho policy starter /m)
    assert.match(missing.out, /^FAIL {2}resource: .*\n {6}mend sekisho secret put demo\/db\/password FILE$/m)
    for (const link of ['evidence', 'values', 'endorsements', 'expectations'])
      assert.match(missing.out, new RegExp(`^ok {4}${link}: `, 'm'), 'that there is no policy says nothing of evidence')
    const stranger = await owner.run(['doctor', '--token-file', owner.file('token', 'sk_of_nobody')])
    assert.match(stranger.out, /^FAIL {2}access: .*\n {6}mend sekisho login/m)
    const nowhere = await owner.run(['doctor', '--server', 'http://127.0.0.1:9'])
    assert.match(nowhere.out, /^FAIL {2}server: .*\n {6}mend sekisho up, or --server URL/m)
  })

  it('names values that no evidence ever had, though it met their set', async () => {
    const owner = await ownerOf('doctor-unseen')
    const { world } = owner.checkpoint
    await ready(owner, world, 'a secret of the doctor', ['snp'])
    const { tee, values, owner: by } = await owner.json(['reference', 'show', 'snp'])
    const { measurement } = members(values)
    assert.ok(Array.isArray(measurement))
    const unseen = 'ab'.repeat(48)
    const set = { tee, values: { ...members(values), measurement: [...measurement, unseen] }, owner: by }
    await owner.ok(['reference', 'put', 'snp', '-'], { input: JSON.stringify(set) })
    const chain = ['doctor', '--evidence', owner.path('snp.bin'), '--world', world]
    assert.match((await owner.run(chain)).out, /^warn {2}references: never matched by any evidence: snp$/m)
    await owner.ok(asking(world))
    const line = `snp: no evidence ever had measurement ${unseen}`
    const { out } = await owner.run(chain)
    assert.ok(out.includes(`warn  references: ${line}\n`), out)
    assert.match(out, /^ok {4}values: they are those of the set snp$/m)
    assert.ok((await owner.ok(['reference', 'list'])).endsWith(`\n${line}\n`))
  })

  it('names the fault of evidence that no policy can permit, and not the policy', async () => {
    const owner = await ownerOf('doctor-fault')
    const { world } = owner.checkpoint
    await ready(owner, world, 'a secret of the doctor', [])
    await know(owner, world, 'snp', ['--debug'])
    const chain = ['doctor', 'demo/db/password', '--evidence', owner.path('snp.bin'), '--world', world]
    const { out } = await owner.run(chain)
    assert.match(out, /^FAIL {2}expectations: snp\.debug: /m)
    assert.match(
      out,
      /^FAIL {2}decision: no policy can permit evidence that is not verified: .*\n {6}mend what is broken above$/m,
    )
    assert.ok(!out.includes('policy show'))
  })

  it('shows what the policy saw line by line, and where the token of login is', async () => {
    const owner = await ownerOf('doctor-shown')
    const { world } = owner.checkpoint
    await ready(owner, world, 'a secret of the doctor', ['snp'])
    await owner.ok(['policy', 'set', owner.file('none.cedar', 'forbid (principal, action, resource);')])
    // Of one that the operator wrote the context is recorded with the decision.
    const advisory = { id: 'OUR-1', vendor: 'amd', published: '2026-01-01T00:00:00Z' }
    await owner.ok(['advisory', 'put', '-'], { input: JSON.stringify(advisory) })
    await owner.run(asking(world))
    const [refused] = rows((await owner.json(['decision', 'list', '--outcome', 'refused']))['decisions'])
    const shown = await owner.ok(['decision', 'show', text(refused?.['id'])])
    assert.match(shown, /^What the policy saw\n( {2}.*\n)*? {2}tee: "snp"\n/m)
    assert.ok(
      shown.split('\n').every((line) => line.length < 200),
      shown,
    )
    assert.match(await owner.ok(['token', 'list']), /no tokens of this namespace alone; --all-namespaces lists/)
  })

  it('names reference values that are over', async () => {
    const owner = await ownerOf('doctor-over')
    await know(owner, owner.checkpoint.world, 'snp')
    const { tee, values } = await owner.json(['reference', 'show', 'snp'])
    const set = (end: string): string => JSON.stringify({ tee, values, owner: 'tester', expires: end })
    const old = await owner.run(['reference', 'put', 'old', '-'], { input: set('2020-01-01T00:00:00Z') })
    assert.equal(old.code, 0, old.err)
    assert.match(old.err, /^standard input: warning it expired on 2020-01-01\S* and matches nothing \[expired\]; renew/)
    const idle = JSON.stringify({ tee: 'snp', values: { vmpl: [0] } })
    const empty = await owner.run(['reference', 'put', 'empty', '-', '--json'], { input: idle })
    assert.equal(empty.code, 0, empty.err)
    assert.match(
      empty.err,
      /^standard input: warning it does not say what may run: .* \[nothing-pinned\]; pin `measurement`\n$/,
    )
    await owner.ok(['reference', 'delete', 'empty'])
    assert.match((await owner.run(['doctor'])).out, /^warn {2}references: over, so that nothing matches: old$/m)
    await owner.ok(['reference', 'delete', 'snp'])
    assert.match((await owner.run(['doctor'])).out, /^FAIL {2}references: over.*\n {6}mend sekisho reference put /m)
  })
})
