import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { before, describe, it } from 'node:test'
import { type Checkpoint, members, type Owner, ownerOf, rows, text } from './shared.ts'

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe('who may do what', () => {
  let owner: Owner & { readonly checkpoint: Checkpoint }
  const token = async (name: string, ...scopes: readonly string[]): Promise<readonly string[]> => {
    const file = owner.path(`${name}.token`)
    await owner.ok(['token', 'create', name, '--scope', ...scopes, '-o', file])
    return ['--token-file', file]
  }
  before(async () => {
    owner = await ownerOf('access')
  })

  it('login keeps the token in a file of the owner’s alone, and never prints it', () => {
    const { profile, data } = owner.checkpoint
    assert.equal(mode(profile), '600')
    const kept = members(JSON.parse(readFileSync(profile, 'utf8')))
    assert.match(text(kept['token']), /^sk_/)
    assert.equal(kept['server'], owner.checkpoint.up.url)
    for (const file of ['world.json', 'master.key']) assert.equal(mode(`${data}/${file}`), '600', file)
    assert.equal(mode(data), '700')
    assert.throws(() => statSync(`${data}/setup-link`), { code: 'ENOENT' }, 'a spent link is no use to anybody')
  })

  it('the one-time link opens once', async () => {
    const { data } = owner.checkpoint
    const env = { SEKISHO_PROFILE: owner.path('second.json') }
    const link = owner.file('spent', /^ {2}(\S+\/setup#\S+)$/m.exec(owner.checkpoint.up.out())?.[1] ?? 'no link')
    const again = await owner.run(['login', '--link-file', link], { env })
    assert.equal(again.code, 1)
    assert.match(
      again.err,
      /this link was used, is over, or never was.* in a browser makes a token there, under Access/,
    )
    assert.ok(statSync(link), 'a file that somebody else keeps is theirs')
    const gone = await owner.run(['login', '--data', data], { env })
    assert.equal(gone.code, 3)
    assert.match(gone.err, /setup-link: no such file: the link was used, .* `sekisho token create NAME --scope SCOPE`/)
    assert.throws(() => statSync(owner.path('second.json')), { code: 'ENOENT' })
  })

  it('login says what is wrong with a link, and with a file that has none', async () => {
    const made = owner.file('link', `${owner.checkpoint.up.url}/setup#${'A'.repeat(43)}\n`)
    const guessed = await owner.run(['login', '--link-file', made, '--json'])
    assert.equal(guessed.code, 1)
    assert.equal(guessed.out, '')
    const none = await owner.run(['login', '--link-file', '-'], { input: 'hello' })
    assert.equal(none.code, 3)
    assert.match(none.err, /-: expected the one-time link that `sekisho up` prints/)
    const missing = await owner.run(['login', '--data', owner.path('nowhere')])
    assert.equal(missing.code, 3)
    assert.match(missing.err, /setup-link: no such file/)
  })

  it('token create shows the token once; list and revoke never do', async () => {
    const made = await owner.json(['token', 'create', 'shown', '--scope', 'secrets:read', '--days', '3'])
    const shown = text(made['token'])
    assert.match(shown, /^sk_/)
    const days = (Date.parse(text(made['expires'])) - Date.now()) / 86_400_000
    assert.ok(days > 2.9 && days < 3.1, `${days} days`)
    const list = await owner.ok(['token', 'list'])
    assert.match(list, /^ID +NAME +SCOPES +EXPIRES +LAST USED\n/)
    assert.match(list, /shown +secrets:read/)
    assert.ok(!list.includes(shown))
    for (const days of ['0', '731']) {
      const wrong = await owner.run(['token', 'create', 'long', '--scope', 'secrets:read', '--days', days])
      assert.equal(wrong.code, 64)
      assert.match(wrong.err, /--days \d+: expected 1 to 730/)
    }
    const id = text(made['id'])
    assert.equal((await owner.run(['secret', 'list'], { env: { SEKISHO_TOKEN: shown } })).code, 0)
    assert.match(await owner.ok(['token', 'revoke', id]), new RegExp(`^${id}: revoked`))
    const after = await owner.run(['secret', 'list'], { env: { SEKISHO_TOKEN: shown } })
    assert.equal(after.code, 1)
    assert.match(after.err, /the token is unknown here, expired or revoked: `sekisho login` gets a new one/)
    const twice = await owner.run(['token', 'revoke', id])
    assert.equal(twice.code, 3)
  })

  it('a token that nobody got, for its file cannot be written, is revoked', async () => {
    const folder = owner.path('a-folder')
    mkdirSync(folder)
    const { code, err } = await owner.run(['token', 'create', 'lost', '--scope', 'policy:read', '-o', folder])
    assert.equal(code, 3)
    assert.match(err, /a-folder: cannot be written/)
    assert.match(await owner.ok(['token', 'list']), /lost +policy:read +revoked/)
  })

  it('token create writes a file of the owner’s alone', async () => {
    const file = owner.path('kept.token')
    const told = await owner.json(['token', 'create', 'kept', '--scope', 'policy:read', '-o', file])
    assert.equal(told['token'], undefined)
    assert.equal(mode(file), '600')
    const human = await owner.ok(['token', 'create', 'kept-too', '--scope', 'policy:read', '-o', `${file}2`])
    assert.match(human, /kept\.token2: the token \w+, readable by you only\. Good in the namespace access\. Expires 20/)
    assert.ok(!human.includes(readFileSync(`${file}2`, 'utf8').trim()))
  })

  it('a token that nobody made is refused, in words', async () => {
    const wrong = await owner.run(['secret', 'list'], { env: { SEKISHO_TOKEN: `sk_${'x'.repeat(60)}` } })
    assert.equal(wrong.code, 1)
    assert.match(wrong.err, /this bearer token is not accepted/)
    assert.ok(!wrong.err.includes('xxxx'), 'the token is not repeated')
    const none = await owner.run(['secret', 'list'], {
      env: { SEKISHO_PROFILE: owner.path('none.json'), SEKISHO_SERVER: owner.checkpoint.up.url },
    })
    assert.equal(none.code, 1)
    assert.match(none.err, /no token for http:\/\/127\.0\.0\.1:\d+: `sekisho login` gets one/)
    const odd = await owner.run(['secret', 'list', '--token-file', owner.file('two', 'one two')])
    assert.equal(odd.code, 3)
    assert.match(odd.err, /expected one token in a file of its own/)
  })

  it('a missing scope is named', async () => {
    const reader = await token('reader', 'secrets:read')
    assert.equal((await owner.run(['secret', 'list', ...reader])).code, 0)
    const cases: readonly (readonly [readonly string[], string])[] = [
      [['secret', 'put', 'a/b/c'], 'secrets:write'],
      [['policy', 'show'], 'policy:read'],
      [['policy', 'rollback', '1'], 'policy:write'],
      [['decision', 'list'], 'decisions:read'],
      [['lease', 'list'], 'leases:read'],
      [['reference', 'list'], 'references:read'],
      [['advisory', 'list'], 'advisories:read'],
      [['token', 'list'], 'tokens:read'],
      [['namespace', 'list'], 'admin'],
    ]
    for (const [args, scope] of cases) {
      const { code, err } = await owner.run([...args, ...reader], { input: 'x' })
      assert.equal(code, 1, args.join(' '))
      assert.ok(err.includes(scope), `${args.join(' ')}: ${err}`)
    }
  })

  it('nobody makes a token that may do more than they may', async () => {
    const maker = await token('maker', 'tokens:write', 'secrets:read')
    const { code, err } = await owner.run(['token', 'create', 'more', '--scope', 'admin', ...maker])
    assert.equal(code, 1)
    assert.match(err, /admin/)
  })

  it('a namespace is made once, and a token for all of them is made, listed and ended by whoever may', async () => {
    const other = await ownerOf('access-all')
    const create = ['namespace', 'create', 'access-all']
    assert.match(await other.ok(create), /^access-all: made\. /)
    assert.match(await other.ok(create), /^access-all: exists already, and stays as it is\. /)
    const admin = owner.path('all.token')
    const made = await owner.ok(['token', 'create', 'all', '--all-namespaces', '--scope', 'admin', '-o', admin])
    assert.match(made, /Good in all namespaces\. Expires 20/)
    const as = ['--token-file', admin]
    assert.equal((await other.run(['secret', 'list', ...as])).code, 0)
    assert.equal((await owner.run(['namespace', 'list', ...as])).code, 0)
    const star = await owner.json(['token', 'create', 'star', '--namespace', '*', '--scope', 'secrets:read', ...as])
    assert.equal(star['namespace'], '*')
    const list = await owner.ok(['token', 'list', '--all-namespaces', ...as])
    assert.match(list, /^ID +NAME +NAMESPACE +SCOPES +EXPIRES +LAST USED\n/)
    assert.match(list, /star +\* +secrets:read +20/)
    const id = text(star['id'])
    assert.equal((await owner.run(['token', 'revoke', id])).code, 3, 'it is of no one namespace')
    assert.equal((await owner.run(['token', 'revoke', id, '--all-namespaces'])).code, 0)
    assert.match(
      await owner.ok(['token', 'list', '--namespace', '*']),
      new RegExp(`${id} +star +\\* +secrets:read +revoked`),
    )
    const both = await owner.run(['token', 'list', '--all-namespaces', '--namespace', 'access'])
    assert.equal(both.code, 64)
    assert.match(both.err, /--all-namespaces and --namespace exclude each other/)
  })

  it('whoever may in one namespace makes no token for all, nor one that may more there', async () => {
    const mine = await token('mine', 'admin')
    for (const where of [['--all-namespaces'], ['--namespace', '*']]) {
      const all = await owner.run(['token', 'create', 'all', '--scope', 'secrets:read', ...where, ...mine])
      assert.equal(all.code, 1)
      assert.match(all.err, /this needs the scope `tokens:write` in all namespaces/)
      assert.equal(all.out, '')
    }
    const maker = owner.path('makes-all.token')
    await owner.ok(['token', 'create', 'm', '--all-namespaces', '--scope', 'tokens:write', '-o', maker])
    const more = ['token', 'create', 'more', '--all-namespaces', '--scope', 'admin', '--token-file', maker]
    const refused = await owner.run(more)
    assert.equal(refused.code, 1)
    assert.match(refused.err, /you do not have admin to give/)
  })

  it('tenants do not see each other', async () => {
    const other = await ownerOf('access-other')
    assert.match(await other.ok(['namespace', 'create', 'access-other']), /^access-other: made\./)
    await other.ok(['secret', 'put', 'their/own/secret'], { input: 'theirs' })
    const names = await owner.json(['namespace', 'list'])
    assert.ok(Array.isArray(names['namespaces']) && names['namespaces'].includes('access-other'))
    assert.match(await owner.ok(['namespace', 'list']), /^access-other$/m)
    const file = other.path('tenant.token')
    await other.ok(['token', 'create', 'tenant', '--scope', 'admin', '-o', file])
    for (const args of [
      ['secret', 'list'],
      ['secret', 'show', 'their/own/secret'],
      ['token', 'list'],
    ]) {
      const crossing = await owner.run([...args, '--token-file', file])
      assert.equal(crossing.code, 1, args.join(' '))
      assert.ok(!crossing.out.includes('their'))
    }
    assert.equal((await owner.run(['namespace', 'list', '--token-file', file])).code, 1)
    assert.equal((await other.run(['secret', 'show', 'their/own/secret', '--token-file', file])).code, 0)
    assert.equal((await owner.run(['secret', 'show', 'their/own/secret'])).code, 3)
    const bad = await owner.run(['namespace', 'create', 'Not A Name'])
    assert.equal(bad.code, 64)
  })
})

describe('secrets and keys', () => {
  let owner: Owner
  before(async () => {
    owner = await ownerOf('secrets')
  })

  it('before the first one, the list says how to store one', async () => {
    assert.match(await owner.ok(['secret', 'list']), /There are no secrets yet; `sekisho secret put` stores one\./)
    assert.deepEqual(rows((await owner.json(['secret', 'list']))['secrets']), [])
  })

  it('put takes standard input or a file, keeps versions, and never shows a value', async () => {
    const first = await owner.ok(['secret', 'put', 'app/db/password'], { input: 'the-first-value' })
    assert.equal(first, 'app/db/password: version 1, 15 bytes, encrypted at rest.\n')
    const file = owner.file('value', 'the-second-value')
    const second = await owner.json(['secret', 'put', 'app/db/password', file, '--content-type', 'text/plain'])
    assert.equal(second['version'], 2)
    const list = await owner.ok(['secret', 'list'])
    assert.match(list, /^PATH +KIND +VERSION +CREATED\napp\/db\/password +secret +2 +20\S+ \S+Z$/m)
    const shown = await owner.ok(['secret', 'show', 'app/db/password'])
    assert.match(shown, /^app\/db\/password \(secret, text\/plain\)\n {2}version \d +20/)
    const json = await owner.json(['secret', 'show', 'app/db/password'])
    assert.equal(rows(json['versions']).length, 2)
    assert.ok(!`${list}${shown}${JSON.stringify(json)}`.includes('-value'))
  })

  it('put refuses no bytes, too many, a path that is none, and a file that is not there', async () => {
    const empty = await owner.run(['secret', 'put', 'a/b/c'], { input: '' })
    assert.equal(empty.code, 3)
    assert.match(empty.err, /standard input: is empty; expected the value of the secret/)
    const large = await owner.run(['secret', 'put', 'a/b/c'], { input: Buffer.alloc(1024 * 1024 + 1) })
    assert.equal(large.code, 3)
    for (const path of ['a/b', '../b/c', 'a/b/c/d', 'a//c', 'a/b/c?d']) {
      const bad = await owner.run(['secret', 'put', path], { input: 'x' })
      assert.equal(bad.code, 64, path)
      assert.match(bad.err, /expected three parts, such as demo\/database\/password/)
    }
    const missing = await owner.run(['secret', 'put', 'a/b/c', owner.path('missing')])
    assert.equal(missing.code, 3)
    assert.match(missing.err, /no such file/)
    assert.equal((await owner.run(['secret', 'put', 'a/b/c', 'value', 'more'])).code, 64)
  })

  it('delete ends it; what is not there is said', async () => {
    await owner.ok(['secret', 'put', 'app/to/delete'], { input: 'x' })
    assert.match(await owner.ok(['secret', 'delete', 'app/to/delete']), /is deleted: nobody is given it any more/)
    const again = await owner.run(['secret', 'delete', 'app/to/delete'])
    assert.equal(again.code, 3)
    assert.match(again.err, /^sekisho: there is nothing of this name in this namespace \(request [0-9a-f-]{36}\)\n$/)
    assert.equal((await owner.run(['secret', 'show', 'app/to/delete'])).code, 3)
  })

  it('key create makes keys of every type and shows public halves only', async () => {
    for (const type of ['aes-256', 'ec-p256', 'ec-p384', 'ed25519']) {
      const made = await owner.json(['key', 'create', `keys/of/${type}`, '--type', type])
      assert.equal(made['version'], 1)
      const shown = await owner.ok(['key', 'show', `keys/of/${type}`])
      assert.equal(shown.includes('public key'), type !== 'aes-256', shown)
      for (const output of [JSON.stringify(made), shown]) assert.ok(!/"(d|k|p|q)":/.test(output), output)
    }
    assert.match(await owner.ok(['key', 'create', 'keys/of/aes-256', '--type', 'aes-256']), /version 2, aes-256\./)
    const bad = await owner.run(['key', 'create', 'keys/of/des', '--type', 'des'])
    assert.equal(bad.code, 64)
    assert.match(bad.err, /--type des: expected aes-256, ec-p256, ec-p384, ed25519, rsa-3072/)
    assert.equal((await owner.run(['key', 'create', 'keys/of/none'])).code, 64)
  })
})
