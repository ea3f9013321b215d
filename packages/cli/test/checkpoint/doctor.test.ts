import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asking, ownerOf, ready } from './shared.ts'

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
})
