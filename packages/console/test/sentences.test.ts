import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { japaneseSentences, kindsOf } from '../src/text/sentence-files.ts'
import { compileSentences } from '../src/text/sentences.ts'
import type { SentencePairs } from '../src/text/sentences-ja/sentences.ts'
import { sentenceFiles } from './sentence-files.ts'

const JAPANESE = /[\u3040-\u30ff\u4e00-\u9fff]/
const HOLE = /\{([a-zA-Z0-9]+)([#@"~?;,]?)\}/g

function holesOf(text: string): readonly string[] {
  return [...text.matchAll(HOLE)].map(([hole]) => hole).sort()
}

/** A value that a hole of a kind takes, unlike every other one in the sentence. */
function valueFor(kind: string, at: number): string {
  if (kind === '#') return `${7001 + at}`
  if (kind === '@') return `value-${at}`
  if (kind === '"') return `"value ${at}"`
  if (kind === ';') return `first${at} value; second${at} value`
  if (kind === ',') return `first${at} value, second${at} value`
  return `Value${at} here`
}

const SAY: SentencePairs = [
  ['it is so', 'そのとおりです'],
  ['the leaf', 'リーフ'],
  ['{sentence~} (and {count#} more)', '{sentence~}（ほか {count#} 件）'],
  ['the {name?} is signed by {key}', '{name?} に {key} の署名があります'],
  ['{name?} is of {count#} bytes', '{name?} が {count#} バイトです'],
  ['{first~}, so that {second~}', '{first~}、{second~}'],
  ['broken: {faults;}', '問題：{faults;}'],
  ['{name"} is quoted', '{name"} が引用されています'],
]

describe('a catalogue of sentences', () => {
  const { say } = compileSentences([SAY])

  it('carries values over, and tells words that it knows', () => {
    assert.equal(say('it is so'), 'そのとおりです。')
    assert.equal(say('the leaf is signed by 00ff: of ARK-Milan'), 'リーフに 00ff: of ARK-Milan の署名があります。')
    assert.equal(say('the VCEK is signed by x'), 'VCEK に x の署名があります。')
    assert.equal(say('broken: it is so; the leaf; other'), '問題：そのとおりです。リーフ、other')
    assert.equal(say('"a \\" b" is quoted'), '"a \\" b" が引用されています。')
  })

  it('takes what stands around a sentence off first', () => {
    assert.equal(say('the leaf is signed by x (and 3 more)'), 'リーフに x の署名があります（ほか 3 件）')
    assert.equal(say('nothing known (and 3 more)'), undefined)
  })

  it('takes no sentence for the name that another one with the same end begins with', () => {
    assert.equal(say('the door: the leaf is of 12 bytes'), undefined)
    const both = compileSentences([[...SAY, ['the door: {text?}', 'ドア：{text?}']]])
    assert.equal(both.say('the door: the leaf is of 12 bytes'), 'ドア：リーフが 12 バイトです。')
  })

  it('knows only what it has', () => {
    for (const text of ['', 'it is', 'it is so ', 'It is so', 'the is signed by', '{sentence~}', 'leaf is of x bytes'])
      assert.equal(say(text), undefined, text)
    assert.equal(say('the leaf is of 12 bytes'), 'リーフが 12 バイトです。')
    assert.equal(say('the leaf is of -1 bytes'), undefined)
    assert.equal(say('a "b" is quoted'), undefined)
  })

  it('carries hostile text as it is, and gives up on what is long or deep', () => {
    const markup = '<img src=x onerror=alert(1)> {key} {name?} $1 $& \u202e'
    assert.equal(say(`the leaf is signed by ${markup}`), `リーフに ${markup} の署名があります。`)
    assert.equal(say(`the leaf is signed by ${'x'.repeat(30_000)}`), undefined)
    assert.equal(say('it is so, so that '.repeat(900)), undefined)
    const deep = `${Array.from({ length: 60 }, () => 'it is so').join(', so that ')} (and 1 more)`
    assert.equal(say(deep), undefined)
  })

  it('costs no more than its length allows, whatever stands in it', async () => {
    const all = await japaneseSentences(kindsOf(['azure', 'nvidia', 'composite', 'checkpoint', 'policy', 'token']))
    const pieces = [
      ' is ',
      ', ',
      '; ',
      ': ',
      ' (and 1 more)',
      ' of ',
      ' at byte 1: ',
      '; expected ',
      'the ',
      ', so that ',
    ]
    for (const piece of pieces)
      for (const end of ['', 'x', ' (and 2 more)', ' is revoked']) {
        const text = `${piece.repeat(Math.floor(19_000 / piece.length))}${end}`
        assert.ok(typeof (all.say(text) ?? '') === 'string')
      }
  })
})

describe('the Japanese sentences', () => {
  for (const [name, sentences] of Object.entries(sentenceFiles))
    it(`${name}: every pattern is whole`, () => {
      const seen = new Set<string>()
      for (const [english, japanese] of sentences) {
        assert.ok(!seen.has(english), `twice: ${english}`)
        seen.add(english)
        assert.deepEqual(holesOf(english), [...new Set(holesOf(japanese))], english)
        assert.equal(new Set(holesOf(english)).size, holesOf(english).length, `one hole twice: ${english}`)
        assert.ok(!/[{}]/.test(`${english}${japanese}`.replace(HOLE, '')), `a hole of no kind: ${english}`)
        assert.ok(!/[。. ]$/.test(japanese), `a stop of its own: ${japanese}`)
        assert.ok(!/[（）：。、] | [（）：。、]/.test(japanese), `a space beside punctuation: ${japanese}`)
      }
    })

  it('all but names are Japanese', () => {
    const names = Object.values(sentenceFiles).flatMap((list) =>
      list.filter(([, japanese]) => !JAPANESE.test(japanese)).map(([english]) => english),
    )
    const unchanged = names.filter((english) => /[a-z]+ [a-z]+/.test(english.replace(HOLE, '')))
    assert.deepEqual(unchanged, [])
    assert.ok(names.length < 45, `${names.length}: ${names.join(', ')}`)
  })

  for (const [name, sentences] of Object.entries(sentenceFiles))
    it(`${name}: every pattern is found, and loses no value`, () => {
      const alone = compileSentences([sentences, [['Value', '値']]])
      for (const [english] of sentences) {
        // Whole sentences that are told inside of others are checked where they are known.
        if (english.includes('~}')) continue
        const values: string[] = []
        const text = english.replace(HOLE, (_, __, kind: string) => {
          values.push(valueFor(kind, values.length))
          return values.at(-1) ?? ''
        })
        const said = alone.say(text)
        assert.ok(said !== undefined, text)
        for (const value of values)
          for (const word of value.split(/[;,] /)) assert.ok(said.includes(word), `${word} is not in ${said}`)
      }
    })

  it('kinds are found by ids of checks, and by nothing else', () => {
    assert.deepEqual(kindsOf(['snp.report.signature', 'snp', 'tdx.td.debug', '']), ['snp', 'tdx'])
    assert.deepEqual(kindsOf(['__proto__.x', 'constructor', 'no statement of the policy', 'other.x']), [])
  })
})
