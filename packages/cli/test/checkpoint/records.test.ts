import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { before, describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import { asking, type Checkpoint, know, members, type Owner, ownerOf, ready, rows, text } from './shared.ts'

describe('reference values', () => {
  let owner: Owner & { readonly checkpoint: Checkpoint }
  before(async () => {
    owner = await ownerOf('references')
  })

  it('before the first set, the list says how to make one', async () => {
    assert.match(await owner.ok(['reference', 'list']), /no reference values yet; `sekisho reference from-evidence`/)
  })

  it('from-evidence prints a set, or stores it with owner, end and source', async () => {
    const { world } = owner.checkpoint
    const evidence = owner.path('report.bin')
    await owner.ok(['emulate', 'attest', 'snp', '--world', world, '-o', evidence])
    const printed = await owner.ok(['reference', 'from-evidence', 'web', evidence, '--print', '--owner', 'me'])
    assert.match(printed, /^tee: "snp"\nvalues:\n {2}measurement:\n/)
    assert.ok(!printed.includes('reportData'), 'what belongs to one exchange is no reference value')
    const yaml = owner.file('web.yaml', printed)
    assert.match(await owner.ok(['reference', 'put', 'web', yaml]), /^web: stored\. There are no live leases\.\n$/)
    const end = ['--owner', 'the web team', '--expires', '2036-01-01T00:00:00Z']
    const told = await owner.json(['reference', 'from-evidence', 'dated', evidence, ...end])
    assert.equal(told['revoked'], 0)
    const shown = await owner.json(['reference', 'show', 'dated'])
    assert.equal(shown['owner'], 'the web team')
    assert.equal(Date.parse(text(shown['expires'])), Date.parse('2036-01-01T00:00:00Z'))
    assert.equal(members(shown['provenance'])['kind'], 'measurement')
    const list = await owner.ok(['reference', 'list'])
    assert.match(list, /^NAME +TEE +OWNER +EXPIRES +LAST MATCHED\n/)
    assert.match(list, /dated +snp +the web team +2036-01-01 00:00:00Z +never/)
    assert.deepEqual(
      rows((await owner.json(['reference', 'list']))['references']).map(({ name }) => name),
      ['dated', 'web'],
    )
    assert.match(await owner.ok(['reference', 'show', 'web']), /^name: "web"$/m)
    assert.match(await owner.ok(['reference', 'delete', 'web']), /^web: deleted\./)
    assert.equal((await owner.run(['reference', 'delete', 'web'])).code, 3)
    assert.equal((await owner.run(['reference', 'show', 'web'])).code, 3)
  })

  it('import takes sets in JSON, and says what is wrong with anything else', async () => {
    const set = { name: 'imported', tee: 'snp', values: { measurement: ['ab'.repeat(48)] }, owner: 'x' }
    const file = owner.file('sets.json', JSON.stringify({ ...set, provenance: { kind: 'json' } }))
    const told = await owner.run(['reference', 'import', 'imported', file, '--owner', 'the build'])
    assert.equal(told.code, 0, told.err)
    assert.match(told.out, /^imported: stored\./)
    const bad = await owner.run(['reference', 'import', 'bad', owner.file('noise', Buffer.alloc(64, 0xff))])
    assert.equal(bad.code, 3)
    assert.match(bad.err, /^sekisho: /)
  })

  it('import takes a signed CoRIM with the keys of its signer only', async () => {
    const key = generateKey('P-256')
    const payload = Buffer.from(CORIM, 'base64')
    // The signer's own claims (RFC 9597): `exp` is the beginning of 2040.
    const claims = Buffer.from('0fa1041a83aa7e80', 'hex')
    const protectedHeader = Buffer.concat([Buffer.from('a3012603', 'hex'), textItem('application/rim+cbor'), claims])
    const input = [Buffer.from([0x84]), textItem('Signature1'), bytesItem(protectedHeader), bytesItem(Buffer.alloc(0))]
    const signature = sign('sha256', Buffer.concat([...input, bytesItem(payload)]), {
      key: key.privateKey,
      dsaEncoding: 'ieee-p1363',
    })
    const message = [Buffer.from('d284', 'hex'), bytesItem(protectedHeader), Buffer.from([0xa0])]
    const file = owner.file('signed.cbor', Buffer.concat([...message, bytesItem(payload), bytesItem(signature)]))
    const jwks = (one: typeof key): string => JSON.stringify({ keys: [one.publicKey.export({ format: 'jwk' })] })
    const good = owner.file('signer.jwks', Buffer.from(jwks(key)))
    const other = owner.file('other.jwks', Buffer.from(jwks(generateKey('P-256'))))
    const without = await owner.run(['reference', 'import', 'signed', file])
    assert.match(without.err, /a signed CoRIM; expected keys of those who may sign it/)
    const wrong = await owner.run(['reference', 'import', 'signed', file, '--signer', other])
    assert.equal(wrong.code, 3)
    assert.match(wrong.err, /none of the given keys/)
    const unsigned = owner.file('unsigned.cbor', payload)
    assert.equal((await owner.run(['reference', 'import', 'signed', unsigned, '--signer', good])).code, 3)
    assert.match(await owner.ok(['reference', 'import', 'signed', file, '--signer', good]), /^signed: stored\./)
    assert.equal((await owner.json(['reference', 'show', 'signed']))['expires'], '2040-01-01T00:00:00.000Z')
  })

  it('values of a CoRIM count for as long as it says, and none of one that is over', async () => {
    const valid = (seconds: number): Buffer => {
      const corim = Buffer.from(CORIM, 'base64')
      // One member more: rim-validity, with its end.
      corim[3] = (corim[3] ?? 0) + 1
      const end = Buffer.alloc(4)
      end.writeUInt32BE(seconds)
      return Buffer.concat([corim, Buffer.from('04a101c11a', 'hex'), end])
    }
    const file = owner.file('dated.cbor', valid(Date.parse('2040-01-01T00:00:00Z') / 1000))
    await owner.ok(['reference', 'import', 'dated', file])
    assert.equal((await owner.json(['reference', 'show', 'dated']))['expires'], '2040-01-01T00:00:00.000Z')
    const over = owner.file('over.cbor', valid(Date.parse('2026-01-01T00:00:00Z') / 1000))
    const refused = await owner.run(['reference', 'import', 'over', over])
    assert.equal(refused.code, 3)
    assert.match(refused.err, /the CoRIM was valid until 2026-01-01T00:00:00\.000Z/)
    assert.equal((await owner.run(['reference', 'show', 'over'])).code, 3)
  })

  it('import takes a CoRIM, and nothing that only looks like one', async () => {
    const corim = Buffer.from(CORIM, 'base64')
    const file = owner.file('realm.cbor', corim)
    assert.match(await owner.ok(['reference', 'import', 'realm', file, '--owner', 'the vendor']), /^realm: stored\./)
    const shown = await owner.json(['reference', 'show', 'realm'])
    assert.equal(shown['tee'], 'cca')
    assert.equal(shown['owner'], 'the vendor')
    assert.deepEqual(members(shown['values']), { measurement: ['a1'.repeat(32)], rem0: ['b2'.repeat(32)] })
    assert.equal(members(shown['provenance'])['kind'], 'corim')
    assert.match(await owner.ok(['reference', 'list']), /^realm +cca +the vendor +– +never$/m)

    const cut = await owner.run(['reference', 'import', 'cut', owner.file('cut.cbor', corim.subarray(0, -1))])
    assert.equal(cut.code, 3)
    assert.match(cut.err, /^sekisho: /)
    assert.equal((await owner.run(['reference', 'show', 'cut'])).code, 3)
  })

  it('files that are no set, no evidence or not there are said by name', async () => {
    const cases: readonly (readonly [readonly string[], string, number, RegExp])[] = [
      [['reference', 'put', 'x', '-'], '[]', 3, /expected a set of reference values/],
      [['reference', 'put', 'x', '-'], 'tee: [', 3, /^sekisho: -: /],
      [['reference', 'put', 'x', '-'], '{"tee":"snp","tee":"tdx"}', 3, /^sekisho: -: .*unique/],
      [['reference', 'put', 'x', '-'], '{ tee: snp, values: { measurment: [] } }', 3, /measurment/],
      [['reference', 'put', 'Not A Name', '-'], '{ tee: snp, values: {} }', 64, /name/],
      [['reference', 'from-evidence', 'x', '-'], 'hello', 3, /standard input: /],
      [['advisory', 'put', '-'], '7', 3, /expected an advisory/],
      [['advisory', 'put', '-'], '{ id: X, vendor: amd, product: Milan }', 3, /product/],
      [['lease', 'forecast', '-'], 'word', 3, /expected the level to come/],
      [['policy', 'set', '/nonexistent'], '', 3, /\/nonexistent: no such file/],
      [['policy', 'lint', '-'], 'permit', 3, /-:1:\d+: /],
    ]
    for (const [args, input, exitCode, words] of cases) {
      const { code, out, err } = await owner.run(args, { input })
      assert.equal(code, exitCode, `${args.join(' ')} < ${input}: ${err}`)
      assert.match(err, words)
      assert.equal(out, '')
    }
  })
})

describe('decisions, leases and advisories', () => {
  let owner: Owner & { readonly checkpoint: Checkpoint }
  const lease = async (kind: string): Promise<string> => {
    const { code, err } = await owner.run([...asking(owner.checkpoint.world, kind), '--json'])
    assert.equal(code, 0, err)
    const told = members(JSON.parse(err.trimEnd().split('\n').at(-1) ?? ''))
    assert.match(text(told['decision']), /^dec_/)
    return text(told['lease'])
  }
  before(async () => {
    owner = await ownerOf('records')
    await ready(owner, owner.checkpoint.world, 'held', ['snp', 'tdx'])
  })

  it('lease list and revoke', async () => {
    assert.match(await owner.ok(['lease', 'list']), /^Nobody holds anything\.\n$/)
    const id = await lease('snp')
    assert.match(
      await owner.ok(['lease', 'list']),
      new RegExp(`${id} +live EMULATED +snp +demo/db/password +20\\S+ \\S+Z +–`),
    )
    assert.equal(await owner.ok(['lease', 'reappraise']), '1 live lease looked at: 0 revoked, 1 kept.\n')
    assert.deepEqual(await owner.json(['lease', 'reappraise']), { live: 1, revoked: 0, unanswered: 0 })
    const [act] = rows((await owner.json(['decision', 'list', '--kind', 'admin', '--limit', '1']))['decisions'])
    assert.equal(act?.['reasonCode'], 'leases-reappraised')
    assert.equal(await owner.ok(['lease', 'reappraise', '--namespace', 'nowhere']), 'There are no live leases.\n')
    const revoked = await owner.ok(['lease', 'revoke', id, '--reason', 'a lost laptop'])
    assert.equal(revoked, `${id}: revoked. Its holder is told.\n`)
    assert.match(await owner.ok(['lease', 'list']), new RegExp(`${id} +revoked EMULATED .*a lost laptop`))
    const [row] = rows((await owner.json(['lease', 'list']))['leases'])
    assert.equal(row?.['emulated'], true)
    assert.equal(row?.['state'], 'revoked')
    assert.equal(await owner.ok(['lease', 'reappraise']), 'There are no live leases.\n')
    const again = await owner.run(['lease', 'revoke', id])
    assert.equal(again.code, 3, again.err)
    assert.match(again.err, /there is no such live lease in this namespace/)
    const none = await owner.run(['lease', 'revoke', 'lse_00000000000000000000000000'])
    assert.equal(none.code, 3)
  })

  it('forecast: which leases would fail, with the reason; nothing is changed', async () => {
    const id = await lease('snp')
    const level = JSON.stringify({ minTcb: { Genoa: { microcode: 255 } } })
    const { code, out } = await owner.run(['lease', 'forecast', '-'], { input: level })
    assert.equal(code, 1)
    assert.match(out, /^1 of 1 live lease would fail\. Nothing was changed\.\n/)
    assert.match(
      out,
      new RegExp(`^ {2}${id} EMULATED {2}demo/db/password: tcb-unacceptable\n {4}snp\\.expect\\.min-tcb: `, 'm'),
    )
    const same = await owner.run(['lease', 'forecast', '-', '--json'], {
      input: JSON.stringify({ minTcb: { Genoa: { microcode: 1 } } }),
    })
    assert.equal(same.code, 0, same.err + same.out)
    assert.deepEqual(members(JSON.parse(same.out))['fails'], [])
    // What is misspelt is not silently met by all.
    const input = JSON.stringify({ minTcb: { Genua: { microcode: 255 }, Genoa: { microcode: 1 } } })
    const other = await owner.run(['lease', 'forecast', '-'], { input })
    assert.equal(other.code, 0, other.err)
    assert.match(other.out, /^note {2}no live lease is on a product named Genua\.$/m)
    for (const levels of [{ microcod: 1 }, { microcode: 256 }]) {
      const wrong = await owner.run(['lease', 'forecast', '-'], {
        input: JSON.stringify({ minTcb: { Genua: levels } }),
      })
      assert.equal(wrong.code, 3, wrong.out)
      assert.match(wrong.err, /minTcb\.Genua\S*: expected/)
    }
    await owner.ok(['lease', 'revoke', id])
  })

  it('advisory put, list, affected', async () => {
    assert.match(await owner.ok(['advisory', 'list']), /^No advisories are recorded\.\n$/)
    const id = await lease('snp')
    const other = await lease('tdx')
    const put = await owner.ok(['advisory', 'put', '-'], { input: '{ id: AMD-SB-7, vendor: amd, products: [Genoa] }' })
    assert.equal(put, 'AMD-SB-7: recorded. Live leases appraised again: 2 kept, 0 revoked.\n')
    assert.match(await owner.ok(['advisory', 'list']), /^ID +VENDOR +PRODUCTS +PUBLISHED\nAMD-SB-7 +amd +Genoa +20/)
    const affected = rows((await owner.json(['advisory', 'affected', 'AMD-SB-7']))['affected'])
    assert.deepEqual(
      affected.map((one) => one['lease']),
      [id],
    )
    assert.match(
      await owner.ok(['advisory', 'affected', 'AMD-SB-7']),
      new RegExp(`${id} EMULATED +demo/db/password +snp +Genoa`),
    )
    assert.match(
      await owner.ok(['advisory', 'affected', 'AMD-SB-8']),
      /^No live lease is on a platform that AMD-SB-8 names\. No advisory of that id is recorded here\.\n$/,
    )
    assert.match(await owner.ok(['advisory', 'affected', 'amd-sb-7']), new RegExp(`${id} EMULATED`))
    await owner.ok(['lease', 'revoke', id])
    assert.match(
      await owner.ok(['advisory', 'affected', 'amd-sb-7']),
      /^No live lease is on a platform that amd-sb-7 names\.\n$/,
      'it is recorded, in other letters',
    )
    assert.match(
      await owner.ok(['advisory', 'affected', 'AMD-SB-7']),
      /^No live lease is on a platform that AMD-SB-7 names\.\n$/,
    )
    await owner.ok(['lease', 'revoke', other])
    assert.equal(
      await owner.ok(['advisory', 'delete', 'AMD-SB-7']),
      'AMD-SB-7: taken back. There are no live leases.\n',
    )
    assert.match(await owner.ok(['advisory', 'list']), /^No advisories are recorded\.\n$/)
    const again = await owner.run(['advisory', 'delete', 'AMD-SB-7'])
    assert.equal(again.code, 3)
    assert.match(again.err, /no advisory of that id is recorded/)
  })

  it('decision list filters and limits; show tells everything, as JSON too', async () => {
    const all = rows((await owner.json(['decision', 'list']))['decisions'])
    assert.ok(all.length > 8)
    const times = all.map(({ at }) => text(at))
    assert.deepEqual(times, times.toSorted().reverse(), 'the latest first')
    const released = rows((await owner.json(['decision', 'list', '--outcome', 'released']))['decisions'])
    assert.ok(released.length >= 4 && released.every(({ outcome }) => outcome === 'released'))
    assert.equal(rows((await owner.json(['decision', 'list', '--limit', '2']))['decisions']).length, 2)
    const narrow = ['--kind', 'release', '--tee', 'snp', '--resource', 'demo/db/password', '--workload', 'a5']
    const narrowed = rows((await owner.json(['decision', 'list', ...narrow, '--outcome', 'released']))['decisions'])
    assert.ok(narrowed.length > 0 && narrowed.length <= released.length)
    assert.equal(rows((await owner.json(['decision', 'list', '--reason', 'busy']))['decisions']).length, 0)
    const shown = await owner.ok(['decision', 'show', text(released[0]?.['id'])])
    assert.match(shown, /^RELEASED EMULATED {2}demo\/db\/password, 20/)
    assert.match(shown, /^ {2}policy +permit emulated \(line \d+\)$/m)
    const none = await owner.run(['decision', 'show', 'dec_00000000000000000000000000'])
    assert.equal(none.code, 3)
    assert.match(none.err, /there is no such decision in this namespace/)
  })
})

describe('sekisho doctor', () => {
  let owner: Owner & { readonly checkpoint: Checkpoint }
  const links = async (...args: readonly string[]): Promise<ReadonlyMap<string, Record<string, unknown>>> => {
    const { code, out, err } = await owner.run(['doctor', ...args, '--json'])
    assert.ok(code === 0 || code === 1, err)
    const findings = rows(members(JSON.parse(out))['findings'])
    const isBroken = findings.some(({ state }) => state === 'broken')
    assert.equal(code, isBroken ? 1 : 0)
    for (const { link, state, remedy } of findings)
      if (link === 'references' && state === 'broken') assert.ok(text(remedy).startsWith('sekisho '))
    return new Map(findings.map((finding) => [text(finding['link']), finding]))
  }
  const state = (found: ReadonlyMap<string, Record<string, unknown>>, link: string): unknown =>
    found.get(link)?.['state']
  before(async () => {
    owner = await ownerOf('doctor-chain')
  })

  it('a namespace with nothing in it: what is missing, and how to mend it', async () => {
    const found = await links('demo/db/password')
    assert.equal(state(found, 'server'), 'good')
    assert.equal(state(found, 'access'), 'good')
    for (const link of ['references', 'policy', 'resource']) assert.equal(state(found, link), 'broken', link)
  })

  it('a whole chain is good, link by link, for each kind of evidence', async () => {
    const { world } = owner.checkpoint
    await ready(owner, world, 'x', ['snp', 'tdx', 'sgx', 'nitro', 'cca', 'tpm'])
    for (const kind of ['snp', 'sgx', 'nitro', 'cca', 'tpm']) {
      const found = await links('demo/db/password', '--evidence', owner.path(`${kind}.bin`), '--world', world)
      for (const link of ['evidence', 'values', 'endorsements', 'expectations', 'decision', 'resource'])
        assert.equal(state(found, link), 'good', `${kind} ${link}: ${JSON.stringify(found.get(link))}`)
      assert.match(text(found.get('endorsements')?.['what']), /^EMULATED: genuine/)
    }
    assert.match(await owner.ok(['doctor']), /^ok {4}server: /)
  })

  it('each broken link is named', async () => {
    const { world } = owner.checkpoint
    const debug = owner.path('debug.bin')
    await owner.ok(['emulate', 'attest', 'snp', '--debug', '--world', world, '-o', debug])
    const readable = await links('demo/db/password', '--evidence', debug, '--world', world)
    assert.equal(state(readable, 'expectations'), 'broken')
    assert.match(text(readable.get('expectations')?.['what']), /debug/)

    const other = owner.path('other.bin')
    await owner.ok(['emulate', 'attest', 'snp', '--measurement', 'cd'.repeat(48), '--world', world, '-o', other])
    const unknown = await links('demo/db/password', '--evidence', other, '--world', world)
    assert.equal(state(unknown, 'values'), 'broken')
    assert.match(text(unknown.get('values')?.['what']), /the nearest is snp, which differs in measurement/)

    const stranger = await links('--evidence', owner.path('snp.bin'), '--offline')
    assert.equal(state(stranger, 'endorsements'), 'broken', 'emulated roots are trusted by nobody who was not told to')

    await owner.ok(['policy', 'set', '-'], { input: await owner.ok(['policy', 'starter', 'tdx']) })
    const denied = await links('demo/db/password', '--evidence', owner.path('snp.bin'), '--world', world)
    assert.equal(state(denied, 'decision'), 'broken')
    const noise = await owner.run(['doctor', '--evidence', owner.file('noise', 'hello'), '--offline'])
    assert.equal(noise.code, 3)
    assert.match(noise.err, /noise: /)
    const nowhere = await owner.run(['doctor', '--evidence', other, '--world', owner.path('nowhere.json')])
    assert.equal(nowhere.code, 3)
  })

  it('the last refusal counts until the secret is released', async () => {
    const { world } = owner.checkpoint
    const refused = await owner.run(asking(world))
    assert.equal(refused.code, 1)
    assert.equal(state(await links('demo/db/password'), 'decisions'), 'doubtful')
    await owner.ok(['policy', 'set', '-'], { input: await owner.ok(['policy', 'starter', 'emulated']) })
    await know(owner, world, 'snp')
    assert.equal((await owner.run(asking(world))).code, 0)
    assert.equal(state(await links('demo/db/password'), 'decisions'), 'good')
  })
})

function item(major: number, content: Uint8Array): Buffer {
  const { length } = content
  const head =
    length < 24 ? [major | length] : length < 256 ? [major | 24, length] : [major | 25, length >> 8, length & 255]
  return Buffer.concat([Buffer.from(head), content])
}

const bytesItem = (content: Uint8Array): Buffer => item(0x40, content)
const textItem = (content: string): Buffer => item(0x60, Buffer.from(content))

/** An unsigned CoRIM of one realm: `cca.rim` is SHA-256 a1…a1, `cca.rem0` b2…b2 (draft-ydb-rats-cca-endorsements). */
const CORIM =
  '2QH1ogBlY29yaW0BgdkB+lieogGhAGVyZWFsbQShAIGCoQChANkCMFggAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQGCogBnY2NhLnJpbQGhAo' +
  'GCAVggoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGiAGhjY2EucmVtMAGhAoGCAVggsrKysrKysrKysrKysrKysrKysrKysrKysrKysrKysrI='
