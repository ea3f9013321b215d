import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Access,
  AccessError,
  assertAccess,
  mayAccess,
  readGrant,
  SCOPES,
  type Scope,
} from '../../src/access/access.ts'

function holder(namespace: string, ...scopes: readonly Scope[]): Access {
  return { actor: 'token:0', grants: [{ namespace, scopes }] }
}

describe('namespaces', () => {
  it('are crossed by no scope of another namespace', () => {
    for (const held of SCOPES) {
      for (const asked of SCOPES) {
        for (const [own, other] of [
          ['blue', 'green'],
          ['blue', 'blue-2'],
          ['blue', 'blu'],
          ['default', '*'],
        ] as const) {
          assert.equal(mayAccess(holder(own, held), other, asked), false, `${held} in ${own}: ${asked} in ${other}`)
          assert.throws(() => assertAccess(holder(own, held), other, asked), AccessError)
        }
      }
    }
  })

  it('open to their own scopes, and to no others', () => {
    for (const held of SCOPES) {
      for (const asked of SCOPES) {
        const expected = held === asked || held === 'admin'
        assert.equal(mayAccess(holder('blue', held), 'blue', asked), expected, `${held} ${asked}`)
        assert.equal(mayAccess(holder('*', held), 'blue', asked), expected, `${held} ${asked}`)
        assert.equal(mayAccess(holder('*', held), '*', asked), expected, `${held} ${asked}`)
      }
    }
  })

  it('are not crossed by mixing grants: scopes count where they were given', () => {
    const access: Access = {
      actor: 'oidc:somebody',
      grants: [
        { namespace: 'blue', scopes: ['secrets:write'] },
        { namespace: 'green', scopes: ['secrets:read'] },
      ],
    }
    assertAccess(access, 'blue', 'secrets:write')
    assertAccess(access, 'green', 'secrets:read')
    assert.throws(() => assertAccess(access, 'green', 'secrets:write'), AccessError)
    assert.throws(() => assertAccess(access, 'blue', 'secrets:read'), AccessError)
    assert.throws(() => assertAccess({ actor: 'nobody', grants: [] }, 'blue', 'secrets:read'), AccessError)
  })

  it('have names: what is none is refused even to who may do everything', () => {
    for (const name of [
      '',
      'Blue',
      'a/b',
      '../blue',
      'blue ',
      'blue\n',
      'a,b',
      '%2a',
      '**',
      'constructor.',
      'x'.repeat(64),
    ]) {
      assert.throws(() => assertAccess(holder('*', 'admin'), name, 'secrets:read'), AccessError, name)
    }
  })

  it('are named in the refusal, with the scope that is missing', () => {
    assert.throws(() => assertAccess(holder('blue', 'secrets:read'), 'blue', 'policy:write'), {
      code: 'forbidden',
      message: 'this needs the scope `policy:write` in the namespace `blue`',
    })
    assert.throws(() => assertAccess(holder('blue', 'secrets:read'), '<b>', 'policy:write'), {
      message: 'this needs the scope `policy:write` in a namespace of that name',
    })
  })
})

describe('readGrant', () => {
  it('takes known scopes, each once', () => {
    assert.deepEqual(readGrant('blue', ['secrets:read', 'secrets:read', 'admin']), {
      namespace: 'blue',
      scopes: ['secrets:read', 'admin'],
    })
    assert.equal(readGrant('*', ['admin']).namespace, '*')
  })

  it('refuses everything else by name', () => {
    for (const namespace of [undefined, 5, '', 'A', 'a/b', '**']) {
      assert.throws(() => readGrant(namespace, ['admin']), /namespace/)
    }
    for (const scopes of [
      undefined,
      'admin',
      [],
      ['*'],
      ['secrets'],
      ['secrets:release'],
      [5],
      [null],
      Array(50).fill('admin'),
    ]) {
      assert.throws(() => readGrant('blue', scopes), /scopes/)
    }
  })
})
