import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  AMD_CLASS,
  AMD_PROFILE,
  amdLaunchDigest,
  type CorimParts,
  cbor,
  generateKey,
  INTEL_PROFILE,
  type Members,
  makeComid,
  makeCorim,
  ofClass,
  signCorim,
} from '@sekisho/emulator/kit'
import { EvidenceError } from '../src/core/errors.ts'
import { corimProfiles, openCorim, openCorimSync, readCorimReferences, vendorOf } from '../src/corim/index.ts'

const AT = new Date('2026-06-15T12:00:00Z')
const guest = (value: number) => ({
  environment: ofClass(AMD_CLASS.chip),
  measurements: [amdLaunchDigest(new Uint8Array(48).fill(value))],
})
const GUEST = guest(1)
const uri = (text: string): Uint8Array => cbor.tag(32, cbor.text(text))

function corim(parts: CorimParts = {}): Uint8Array {
  return makeCorim({ profile: AMD_PROFILE, triples: [GUEST], ...parts })
}

/** A CoRIM with the members of its map as given. */
const mapped = (members: Members): Uint8Array => cbor.tag(501, cbor.map(members))

describe('a CoRIM', () => {
  it('is read with the profile, the window and the places that it has', () => {
    const [from, until] = [new Date('2026-01-01T00:00:00Z'), new Date('2027-01-01T00:00:00Z')]
    const read = readCorimReferences(
      corim({ from, until, corim: [[5, cbor.array([])]], comid: [[0, cbor.text('en')]] }),
    )
    assert.equal(read.profile, 'tag:amd.com,2024:snp-corim-profile')
    assert.deepEqual([read.from, read.until], [from.getTime(), until.getTime()])
    assert.deepEqual(read.unread, [])
    const second = makeComid({ triples: [guest(2), guest(3)] }, 'another')
    const several = readCorimReferences(corim({ tags: [second], corim: [[2, cbor.array([])]] }))
    assert.deepEqual(
      several.references.map(({ at }) => at),
      [
        'corim.tags[0].reference-triples[0]',
        'corim.tags[1].reference-triples[0]',
        'corim.tags[1].reference-triples[1]',
      ],
    )
    assert.deepEqual(several.unread, ['corim.dependent-rims'])
  })

  it('tells its profile, in the forms that drafts had', () => {
    const cases: readonly (readonly [Uint8Array | undefined, readonly string[], string | undefined])[] = [
      [AMD_PROFILE, ['tag:amd.com,2024:snp-corim-profile'], 'amd'],
      [cbor.array([AMD_PROFILE]), ['tag:amd.com,2024:snp-corim-profile'], 'amd'],
      [uri('http://amd.com/2024/snp-corim-profile'), ['http://amd.com/2024/snp-corim-profile'], 'amd'],
      [INTEL_PROFILE, ['2.16.840.1.113741.1.16.1'], 'intel'],
      [cbor.text('tag:arm.com,2023:realm#1.0.0'), ['tag:arm.com,2023:realm#1.0.0'], 'arm'],
      [uri('http://arm.com/psa/iot/1'), ['http://arm.com/psa/iot/1'], 'arm'],
      [undefined, [], 'arm'],
      // Drafts gave this name to layouts that differ.
      [uri('http://amd.com/please-permalink-me'), ['http://amd.com/please-permalink-me'], undefined],
      [
        cbor.array([AMD_PROFILE, INTEL_PROFILE]),
        ['tag:amd.com,2024:snp-corim-profile', '2.16.840.1.113741.1.16.1'],
        undefined,
      ],
    ]
    for (const [profile, names, vendor] of cases) {
      const bytes = makeCorim({ triples: [GUEST], ...(profile === undefined ? {} : { profile }) })
      assert.deepEqual(corimProfiles(bytes), names)
      assert.equal(vendorOf(names), vendor, names.join())
      if (vendor === 'amd' || vendor === 'intel') readCorimReferences(bytes)
      else
        assert.throws(
          () => readCorimReferences(bytes),
          /corim\.profile .*; expected one of tag:amd\.com.*2\.16\.840.*Arm's/,
        )
    }
  })

  const comid = makeComid({ triples: [GUEST] })
  const id: readonly [number, Uint8Array] = [0, cbor.text('x')]
  const refused: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
    'a signature around it': [signCorim(corim(), generateKey('P-384')), /a signed CoRIM; expected keys/],
    'another tag': [cbor.tag(502, cbor.map([])), /expected tag 501/],
    'no tag': [cbor.map([]), /expected tag 501/],
    'no tags in it': [mapped([id]), /corim\.tags .*no member 1/],
    'an empty list of tags': [mapped([id, [1, cbor.array([])]]), /corim\.tags/],
    'a member of an extension': [
      corim({ corim: [[6, cbor.text('x')]] }),
      /corim .*the member 6; expected members 0 to 5/,
    ],
    'a list of tags that count': [
      corim({ tags: [cbor.tag(508, cbor.bytes(new Uint8Array(1)))] }),
      /corim\.tags\[1\].*508, is not read/,
    ],
    'a tag that is none': [corim({ tags: [cbor.bytes(new Uint8Array(1))] }), /corim\.tags\[1\]/],
    'two tags of one identity': [corim({ tags: [comid] }), /tags\[1\]\.tag-identity .*an earlier tag/],
    'a tag without an identity': [
      mapped([id, [1, cbor.array([cbor.tag(506, cbor.bytes(cbor.map([[4, cbor.map([])]])))])], [3, AMD_PROFILE]]),
      /tag-identity.*no member 1/,
    ],
    'a tag that replaces another': [
      corim({
        comid: [
          [
            3,
            cbor.array([
              cbor.map([
                [0, cbor.text('old')],
                [1, cbor.integer(1)],
              ]),
            ]),
          ],
        ],
      }),
      /linked-tags\[0\]\.tag-rel/,
    ],
    'a member of a tag that is none': [corim({ comid: [[9, cbor.text('x')]] }), /tags\[0\] .*the member 9/],
    'a triple of one part': [
      corim({ otherTriples: [[0, cbor.array([cbor.array([cbor.map([])])])]], triples: [] }),
      /reference-triples\[0\]/,
    ],
    'no measurement': [corim({ triples: [{ ...GUEST, measurements: [] }] }), /measurements/],
    'an environment with more': [
      corim({ triples: [{ ...GUEST, environment: [[7, cbor.text('x')]] }] }),
      /environment .*the member 7/,
    ],
    'a class with more': [
      corim({ triples: [{ ...GUEST, environment: ofClass(AMD_CLASS.chip, [[5, cbor.text('x')]]) }] }),
      /class .*the member 5/,
    ],
    'a class of text': [
      corim({ triples: [{ ...GUEST, environment: [[0, cbor.map([[0, cbor.text('x')]])]] }] }),
      /class-id/,
    ],
    'a measurement with more': [
      corim({
        triples: [
          {
            ...GUEST,
            measurements: [
              [
                [1, cbor.map([])],
                [3, cbor.text('x')],
              ],
            ],
          },
        ],
      }),
      /measurements\[0\] .*the member 3/,
    ],
    'a key of another kind': [
      corim({
        triples: [
          {
            ...GUEST,
            measurements: [
              [
                [0, cbor.oid('1.2.3')],
                [1, cbor.map([])],
              ],
            ],
          },
        ],
      }),
      /mkey .*a number or text/,
    ],
    'a key twice in a map': [mapped([id, id, [1, cbor.array([comid])]]), /a key a second time/],
    'a window of no times': [corim({ corim: [[4, cbor.text('soon')]] }), /rim-validity/],
    'a profile of no kind': [corim({ profile: cbor.integer(1) }), /corim\.profile .*a URI/],
    'bytes behind it': [Buffer.concat([corim(), Buffer.of(0)]), /left over/],
    'too many bytes': [Buffer.concat([corim(), Buffer.alloc(1024 * 1024)]), /at most 1048576 bytes/],
    'too many triples': [corim({ triples: Array.from({ length: 1025 }, () => GUEST) }), /1 to 1024/],
    'too many triples in several tags': [
      corim({ triples: Array.from({ length: 1024 }, () => GUEST), tags: [makeComid({ triples: [GUEST] }, 'b')] }),
      /at most 1024 in all/,
    ],
    'too deep a level': [
      corim({
        corim: [[5, Array.from({ length: 20 }).reduce<Uint8Array>((inner) => cbor.array([inner]), cbor.integer(0))]],
      }),
      /levels/,
    ],
  }
  for (const [name, [bytes, message]] of Object.entries(refused))
    it(`is refused with ${name}`, () => {
      assert.throws(
        () => readCorimReferences(bytes),
        (error) => error instanceof EvidenceError && message.test(error.message) && error.field.startsWith('corim'),
      )
    })

  it('of a signer is opened with one of the keys, whatever its profile, while it is in date', async () => {
    const [key, other] = [generateKey('P-384'), generateKey('P-384')]
    const keys = JSON.stringify([key.publicKey.export({ format: 'jwk' })])
    const until = new Date(AT.getTime() + 60_000)
    for (const parts of [
      { until },
      { until, profile: INTEL_PROFILE },
      { until, profile: uri('tag:x.invalid,2026:y') },
    ]) {
      const unsigned = corim(parts)
      const opened = openCorimSync(signCorim(unsigned, key), { keys, at: AT })
      assert.deepEqual(opened, { until: until.getTime(), unsigned })
      assert.deepEqual(await openCorim(signCorim(unsigned, key), { keys, at: AT }), opened)
      for (const [bytes, at, message] of [
        [signCorim(unsigned, other), AT, /none of the given keys/],
        [signCorim(unsigned, key), new Date(until.getTime() + 1000), /valid until/],
        [unsigned, AT, /nobody signed/],
      ] as const) {
        const { error, ...rest } = openCorimSync(bytes, { keys, at })
        assert.match(error?.message ?? '', message)
        assert.deepEqual(Object.keys(rest), [], 'nothing of it counts')
      }
    }
  })
})
