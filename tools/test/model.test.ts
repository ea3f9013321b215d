import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { unexpected, VARIANTS } from '../src/model/variants.ts'

const COMPLETE =
  'Full statespace search for:\nState-vector 112 byte, depth reached 73, errors: 0\n   977989 states, stored\n'
const VIOLATED = 'pan:1: assertion violated  !(known[session[s].key]) (at depth 25)\nState-vector 112 byte, errors: 1\n'

describe('the outcome of the model', () => {
  const complete = VARIANTS.filter(({ violates }) => violates === undefined)
  const attacks = VARIANTS.filter(({ defines }) => defines.includes('SECRECY_ONLY'))

  it('covers the complete protocol, and each removed check once', () => {
    assert.deepEqual(
      complete.map(({ name }) => name),
      ['complete'],
    )
    const removed = ['NO_NONCE', 'NO_BINDING', 'NO_MEASUREMENT', 'NO_EXPIRY', 'GUESSABLE_NONCE']
    assert.deepEqual(
      attacks.map(({ name }) => name),
      removed,
    )
  })

  it('is right only when the complete protocol was searched through without an error', () => {
    for (const variant of complete) {
      assert.equal(unexpected(variant, COMPLETE), undefined)
      assert.match(unexpected(variant, VIOLATED) ?? '', /an error was found/)
      assert.match(unexpected(variant, `error: max search depth too small\n${COMPLETE}`) ?? '', /not every state/)
      assert.match(unexpected(variant, `pan: out of memory\n${COMPLETE}`) ?? '', /not every state/)
      assert.match(unexpected(variant, `Warning: Search not completed\n${COMPLETE}`) ?? '', /not every state/)
      assert.match(unexpected(variant, COMPLETE.replace(/Full.*\n/, '')) ?? '', /not every state/)
      assert.match(unexpected(variant, 'spin: syntax error') ?? '', /did not come to an end/)
    }
  })

  it('is right only when a removed check lets the adversary read the secret', () => {
    for (const variant of attacks) {
      assert.equal(unexpected(variant, VIOLATED), undefined)
      assert.match(unexpected(variant, COMPLETE) ?? '', /no attack was found/)
      assert.match(unexpected(variant, 'pan:1: invalid end state (at depth 5)\nerrors: 1') ?? '', /another error/)
      assert.match(unexpected(variant, '') ?? '', /did not come to an end/)
    }
  })
})
