import { utf8 } from '@sekisho/emulator/kit'
import { compositeParts } from '../../src/composite/index.ts'
import { exchangeOfKbs, parseSeKbs } from '../../src/ibm-se/kbs.ts'
import { parseNitroDocument } from '../../src/nitro/index.ts'
import { parseNvidiaReport, splitNvidiaEvidence } from '../../src/nvidia/index.ts'
import { recognise } from '../../src/recognise/index.ts'
import { attestation } from '../composite-kit.ts'
import { makeDocument } from '../nitro-kit.ts'
import { makeReport } from '../nvidia-kit.ts'
import type { Decoder } from './decoders.ts'

const base64 = (length: number): string => Buffer.alloc(length, 7).toString('base64')

const SE_ANSWER = JSON.stringify({
  measurement: base64(64),
  additional_data: base64(64),
  user_data: base64(16),
  cuid: base64(16),
  encr_measurement_key: base64(8),
  image_hdr_tags: { pld: base64(8) },
})

const KBS_TPM = JSON.stringify({
  tpm_quote: {
    message: Buffer.from('\xffTCG\x80\x18quoted', 'latin1').toString('base64'),
    signature: base64(64),
    pcrs: Array.from({ length: 24 }, () => '00'.repeat(32)),
  },
  ak_public: base64(90),
})

const long = (value: number): readonly number[] => (value < 128 ? [value] : [(value & 127) | 128, value >> 7])
const sized = (number: number, content: Uint8Array): Uint8Array =>
  Uint8Array.from([...long((number << 3) | 2), ...long(content.length), ...content])
const HEAD = Uint8Array.of(0x08, 2, 0x10, 0, 0x18, 0, 0x30, 0, 0x38, 1)
const SIZES = { 4: 16, 5: 16, 11: 64, 12: 48, 13: 32, 14: 48, 15: 48, 16: 32, 17: 32, 19: 64, 28: 512 } as const
const BYTES = Object.entries(SIZES).map(([number, size]) => sized(Number(number), new Uint8Array(size).fill(7)))
const REPORT_MESSAGE = sized(1, new Uint8Array(Buffer.concat([HEAD, ...BYTES])))
const QUOTE_MESSAGE = new Uint8Array(
  Buffer.concat([
    sized(1, Uint8Array.of(0, 1, 0, 11)),
    sized(
      2,
      new Uint8Array(
        Buffer.concat([sized(1, Buffer.from('\xffTCG\x80\x18quoted', 'latin1')), sized(3, Uint8Array.of(0x08, 0x0b))]),
      ),
    ),
  ]),
)

/** Decoders of evidence in the envelopes of protocols, and of evidence that several devices gave. */
export const ENVELOPE_DECODERS: readonly Decoder[] = [
  {
    name: 'Secure Execution answer',
    form: 'text',
    samples: [SE_ANSWER],
    decode: (text) => {
      const answer = parseSeKbs(utf8(text))
      if (answer.measurement.length === 64 && answer.configUid.length === 16) exchangeOfKbs(answer, new Uint8Array(240))
    },
  },
  { name: 'KBS evidence', form: 'text', samples: [SE_ANSWER, KBS_TPM], decode: (text) => recognise(utf8(text)) },
  {
    name: 'composite evidence',
    form: 'bytes',
    samples: [attestation({ devices: [{ evidence: 'EeABAA==' }] }).evidence],
    decode: (bytes) => compositeParts(bytes),
  },
  {
    name: 'NVIDIA evidence',
    form: 'text',
    samples: [JSON.stringify([{ evidence: Buffer.from(makeReport()).toString('base64'), certificate: base64(9) }])],
    decode: (text) => {
      for (const { report } of splitNvidiaEvidence(utf8(text))) parseNvidiaReport(report)
    },
  },
  {
    name: 'message of a library in the wire format',
    form: 'bytes',
    samples: [REPORT_MESSAGE, QUOTE_MESSAGE],
    decode: (bytes) => compositeParts(bytes),
  },
  {
    name: 'message of a library in text',
    form: 'text',
    samples: [
      `ak_pub: "\\000\\001" quotes { quote: "\\377TCG\\200\\030quoted" pcrs { hash: SHA256 pcrs { key: 7 value: "${'a'.repeat(32)}" } } }`,
    ],
    decode: (text) => recognise(utf8(text)),
  },
  { name: 'Nitro document', form: 'bytes', samples: [makeDocument()], decode: (bytes) => parseNitroDocument(bytes) },
]
