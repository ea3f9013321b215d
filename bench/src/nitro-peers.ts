/** Nitro against the peers; `nitro-peers.js VECTORS`, started by `nitro.ts` with the clock at the time of the case. Prints rows as JSON. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { verifyNitroSync } from '@sekisho/evidence/nitro'
import { NITRO } from './further.ts'
import { type Contender, compare, type Measured } from './measure.ts'
import { type Row, speedRow } from './rows.ts'

interface Pcrs {
  readonly pcr0?: string
}

interface Native {
  attestEnclave(certificate: Buffer, pcrs: readonly Pcrs[], document: Buffer): boolean
}

interface Wasm {
  initSync(options: { readonly module: Uint8Array }): void
  readonly PCRs: new (pcr0: string) => Pcrs
  validateAttestationDocPcrs(document: string, pcrs: readonly Pcrs[]): boolean
}

const require = createRequire(import.meta.url)
const vectors = process.argv[2] ?? ''
const folder = join(vectors, NITRO.folder)
const document = readFileSync(join(folder, 'evidence.bin'))
const certificate = readFileSync(join(folder, 'server.der'))
const content: { readonly expect: { readonly fields: { readonly pcrs: Readonly<Record<string, string>> } } } =
  JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8'))
const pcr0 = content.expect.fields.pcrs['0'] ?? ''
const clock = Number(process.env['SEKISHO_BENCH_TIME'] ?? Number.NaN)
const ours: Contender = {
  name: 'sekisho',
  run: () => {
    const { authenticity } = verifyNitroSync(document, { at: NITRO.at, expect: { measurement: [pcr0] } })
    if (authenticity !== 'proven') throw new Error('the sample does not verify')
  },
}

const rows: Row[] = [await against(await wasm(), 6)]
if (!Number.isNaN(clock)) rows.push(await against(native(), 0.9))
console.log(JSON.stringify(rows))

async function against(peer: Contender, target: number): Promise<Row> {
  const [other, own] = (await compare([peer, ours])) as [Measured, Measured]
  return speedRow(`nitro cold / ${peer.name}`, own, other, target)
}

/** It also reads the server's certificate and compares the keys; nothing of it is left out by its interface. */
function native(): Contender {
  const peer: Native = require('@evervault/attestation-bindings')
  return {
    name: '@evervault/attestation-bindings (native)',
    run: () => {
      if (!peer.attestEnclave(certificate, [{ pcr0 }], document)) throw new Error('the peer refuses')
    },
  }
}

async function wasm(): Promise<Contender> {
  const home = dirname(require.resolve('@evervault/wasm-attestation-bindings'))
  const peer: Wasm = await import(join(home, 'index.js'))
  peer.initSync({ module: readFileSync(join(home, 'index_bg.wasm')) })
  const text = document.toString('base64')
  // The peer asks the clock, which has left the certificates of every published document behind.
  Date.now = () => NITRO.at.getTime()
  return {
    name: '@evervault/wasm-attestation-bindings',
    run: () => {
      if (!peer.validateAttestationDocPcrs(text, [new peer.PCRs(pcr0)])) throw new Error('the peer refuses')
    },
  }
}
