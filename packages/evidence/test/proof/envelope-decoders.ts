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
  { name: 'Nitro document', form: 'bytes', samples: [makeDocument()], decode: (bytes) => parseNitroDocument(bytes) },
]
