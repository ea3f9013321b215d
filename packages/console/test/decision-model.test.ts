import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fragmentOf, placeOf } from '../src/app/route.ts'
import { arrived, feedOf, MOST_FOLLOWED, MOST_WAITING, released, withPage } from '../src/pages/decisions/feed.ts'
import {
  type Decision,
  decisionIn,
  filterOf,
  listCommand,
  matches,
  queryOf,
  verdictIn,
} from '../src/pages/decisions/model.ts'
import { meaningOf, REASONS } from '../src/pages/decisions/reasons.ts'

const decision = (id: string, more: Partial<Decision> = {}): Decision => ({
  id,
  at: '2026-11-21T10:00:00.000Z',
  kind: 'release',
  outcome: 'released',
  emulated: false,
  reasons: [],
  remedies: [],
  ...more,
})
const ids = (rows: readonly Decision[]): readonly string[] => rows.map(({ id }) => id)

describe('the list of decisions', () => {
  it('shows what comes at once at the top, and holds it where something is being read', () => {
    const feed = feedOf([decision('b'), decision('a')], undefined)
    const shown = arrived(feed, [decision('c'), decision('d')], false)
    assert.deepEqual(ids(shown.rows), ['d', 'c', 'b', 'a'])
    const held = arrived(shown, [decision('d'), decision('e')], true)
    assert.deepEqual([ids(held.rows), ids(held.waiting)], [['d', 'c', 'b', 'a'], ['e']])
    const more = arrived(held, [decision('e'), decision('f'), decision('f')], true)
    assert.deepEqual(ids(more.waiting), ['f', 'e'])
    assert.deepEqual(ids(released(more).rows), ['f', 'e', 'd', 'c', 'b', 'a'])
    assert.deepEqual(ids(arrived(more, [decision('g')], false).rows), ['g', 'f', 'e', 'd', 'c', 'b', 'a'])
    assert.equal(arrived(feed, [decision('a')], true), feed)
  })

  it('takes further pages, nothing twice', () => {
    const feed = withPage(feedOf([decision('c'), decision('b')], 'b'), [decision('b'), decision('a')], undefined)
    assert.deepEqual([ids(feed.rows), feed.next], [['c', 'b', 'a'], undefined])
  })

  it('holds no more than it can, and says so', () => {
    const flood = Array.from({ length: MOST_WAITING + 5 }, (_, i) => decision(`x${i}`))
    const feed = arrived(feedOf([], undefined), flood, true)
    assert.equal(feed.waiting.length, MOST_WAITING)
    assert.ok(feed.flooded)
  })

  it('does not grow without end under a flood that is looked at: what falls off comes with the older pages', () => {
    let feed = feedOf([], undefined)
    for (let sent = 0; sent < MOST_FOLLOWED + 500; sent += 500)
      feed = arrived(
        feed,
        Array.from({ length: 500 }, (_, i) => decision(`x${sent + i}`)),
        false,
      )
    assert.equal(feed.rows.length, MOST_FOLLOWED)
    assert.deepEqual([feed.rows[0]?.id, feed.next], [`x${MOST_FOLLOWED + 499}`, 'x500'])
    assert.equal(feed.flooded, false)
  })
})

describe('the filter of decisions', () => {
  it('stands in the address, and what cannot be one is passed over', () => {
    const filter = { outcome: 'refused', tee: 'snp', reason: 'policy-deny', resource: 'a/b/c', workload: 'ab12' }
    const place = placeOf(fragmentOf({ at: 'decisions', namespace: 'team', id: undefined, query: queryOf(filter) }))
    assert.equal(place.at, 'decisions')
    const query = new URLSearchParams('query' in place ? place.query : '')
    assert.deepEqual(filterOf(query), filter)
    assert.equal(queryOf(filterOf(query)), queryOf(filter))
    assert.deepEqual(filterOf(new URLSearchParams('outcome=<b>&resource=x&workload=AB&tee=%00&kind=admin')), {
      kind: 'admin',
    })
    const one = placeOf('#/ns/default/decisions/dec_1?view=reasons')
    assert.deepEqual(one, { at: 'decisions', namespace: 'default', id: 'dec_1', query: 'view=reasons' })
    assert.deepEqual(placeOf(`#/ns/default/decisions?${'x'.repeat(2000)}`), {
      at: 'decisions',
      namespace: 'default',
      id: undefined,
    })
  })

  it('applies to what comes as the server applies it to what was', () => {
    const one = decision('a', { tee: 'snp', workload: 'abcdef', resource: 'a/b/c', reasonCode: 'policy-deny' })
    assert.ok(matches({}, one))
    assert.ok(matches({ tee: 'snp', workload: 'abc', resource: 'a/b/c', reason: 'policy-deny' }, one))
    for (const other of [
      { outcome: 'refused' },
      { kind: 'attest' },
      { tee: 'tdx' },
      { workload: 'bcd' },
      { resource: 'a/b/d' },
      { reason: 'busy' },
    ])
      assert.ok(!matches(other, one), JSON.stringify(other))
    assert.ok(!matches({ workload: 'a' }, decision('b')))
    assert.equal(
      listCommand('team', { outcome: 'refused', tee: 'snp' }),
      'sekisho decision list --outcome refused --tee snp --namespace team',
    )
  })

  it('reads events and verdicts as far as they are what they should be', () => {
    assert.equal(decisionIn({ decision: decision('a') })?.id, 'a')
    for (const none of [
      {},
      { decision: null },
      { decision: { id: 1 } },
      { decision: { ...decision('a'), reasons: 1 } },
    ])
      assert.equal(decisionIn(none), undefined)
    for (const none of [undefined, null, 'x', [], {}, { schema: 'urn:sekisho:verdict:v2', checks: [] }])
      assert.equal(verdictIn(none), undefined)
  })

  it('names every reason in both languages, and no member of Object', () => {
    assert.deepEqual(Object.keys(REASONS.en), Object.keys(REASONS.ja))
    assert.equal(meaningOf('constructor', 'en'), undefined)
    assert.match(meaningOf('policy-deny', 'en') ?? '', /policy/)
  })
})
