import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { parseNvidiaRim } from '@sekisho/evidence/nvidia'
import { derElement } from '../src/der.ts'
import { type NetworkOptions, type NvidiaSource, networkSource } from '../src/index.ts'
import { type NvidiaDevice, nvidiaDevice } from '../src/requests-nvidia.ts'
import type { Handler } from './hostile-server.ts'
import { type Stage, stage } from './setup.ts'
import { vectorFile } from './vectors.ts'

const CASE = 'hopper-550-full'

/** A file of the case whose manifests and OCSP answers are all there. */
export function file(path: string): Uint8Array {
  return vectorFile('nvidia-gpu', CASE, path)
}

/** While the OCSP answers about the device of `hopper-550-full` hold, and those about its manifests. */
export const NOW: number = Date.parse('2025-08-21T07:00:00Z')
export const LATER: number = Date.parse('2025-10-24T12:00:00Z')
export const DRIVER_ID = 'NV_GPU_DRIVER_GH100_550.90.07'
export const VBIOS_ID = 'NV_GPU_VBIOS_1010_0200_882_96009F0001'
export const OCSP_PATH = '/status'

/** A genuine device, as NVIDIA's driver hands out its evidence. */
export function device(name: string = CASE): NvidiaDevice {
  const of = (path: string): Uint8Array => vectorFile('nvidia-gpu', name, path)
  return nvidiaDevice({ report: of('report.bin'), certificateChain: of('cert-chain.pem') })
}

/** What NVIDIA's service answers for a manifest. */
export function rimAnswer(id: string, manifest: Uint8Array, others: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    id,
    rim: Buffer.from(manifest).toString('base64'),
    sha256: createHash('sha256').update(manifest).digest('hex'),
    last_updated: '2025-04-08T09:05:11.595000',
    rim_format: 'TCG',
    request_id: '54922519-b87e-4057-b323-33b9a2bb9743',
    ...others,
  })
}

export function manifests(): Map<string, Uint8Array> {
  return new Map([
    [DRIVER_ID, file('driver-rim.xml')],
    [VBIOS_ID, file('vbios-rim.xml')],
  ])
}

const ANSWERS = [
  'gpu_certificate_l2',
  'gpu_certificate_l3',
  'gpu_certificate_l4',
  'gpu_driver_rim_l3',
  'gpu_driver_rim_l4',
  'gpu_rim_l2',
  'gpu_vbios_l4',
]

/** The genuine responder's answers to requests without a nonce. */
export function ocspAnswers(): readonly Buffer[] {
  return ANSWERS.map((name) => Buffer.from(file(`ocsp/${name}.der`)))
}

/** Both services: manifests by name, and of the answers the one that repeats the CertID of the request. */
export function honest(
  rims: ReadonlyMap<string, Uint8Array> = manifests(),
  answers: readonly Buffer[] = ocspAnswers(),
): Handler {
  return (request, response) => {
    const { method, url = '' } = request
    if (method === 'GET') {
      const id = url.replace(/^\/v1\/rim\//, '')
      const manifest = rims.get(id)
      if (manifest === undefined) response.writeHead(404).end()
      else response.writeHead(200, { 'content-type': 'application/json' }).end(rimAnswer(id, manifest))
      return
    }
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const form = request.headers['content-type'] === 'application/ocsp-request' && url === OCSP_PATH
      const answer = form ? answers.find((one) => one.includes(certIdOf(Buffer.concat(pieces)))) : undefined
      if (answer === undefined) response.writeHead(400).end()
      else response.writeHead(200, { 'content-type': 'application/ocsp-response' }).end(answer)
    })
  }
}

/** RFC 6960, section 4.1.1: OCSPRequest, TBSRequest, requestList, Request, with nothing beside the CertID. */
function certIdOf(request: Uint8Array): Buffer {
  let inner = request
  for (let i = 0; i < 4; i++) inner = derElement(inner, 0x30).content
  return Buffer.from(derElement(inner, 0x30).raw)
}

/** Answers questions about revocation with these bytes, and has no manifests. */
export function answering(answer: (response: ServerResponse) => void): Handler {
  return (request, response) => {
    if (request.method === 'GET') response.writeHead(404).end()
    else request.resume().on('end', () => answer(response))
  }
}

/** A source pointed at a local server that stands for both of NVIDIA's services. */
export interface NvidiaBench extends Stage {
  readonly source: NvidiaSource
  again(options?: NetworkOptions): NvidiaSource
  entries(): number
}

/** Sets everything up for one test, and has it taken down afterwards. */
export async function nvidiaBench(
  t: TestContext,
  handler: Handler,
  options: NetworkOptions = {},
): Promise<NvidiaBench> {
  const set = await stage(t, handler, NOW)
  const { server, folder } = set
  const again = (other: NetworkOptions = {}): NvidiaSource => {
    const { nvidia } = networkSource({
      nvidia: { baseUrl: server.url, ocspUrl: `${server.url}${OCSP_PATH}` },
      ...set.options,
      ...options,
      ...other,
    })
    if (nvidia === undefined) throw new Error('there is no source for NVIDIA')
    return nvidia
  }
  return Object.assign(set, {
    source: again(),
    again,
    entries: () => (existsSync(join(folder, 'v1')) ? readdirSync(join(folder, 'v1')).length : 0),
  })
}

/** DER of the chain of a manifest or, without one, of the device. */
export function chainOf(manifest?: Uint8Array): readonly Uint8Array[] {
  const chain = manifest === undefined ? device().chain : parseNvidiaRim(manifest).chain
  if (chain === undefined) throw new Error('the device has no chain')
  return chain.certificates.map(({ der }) => der)
}
