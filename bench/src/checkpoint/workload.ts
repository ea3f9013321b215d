import { createHash, type JsonWebKey } from 'node:crypto'
import { kbsEvidence, type SnpPlatform } from '@sekisho/emulator'
import { generateKey } from '@sekisho/emulator/kit'
import { Connection } from './connection.ts'
import { RESOURCE } from './open.ts'

/** Times of one handshake, in milliseconds. */
export interface HandshakeTimes {
  readonly whole: number
  /** Of auth, attest and get, from the client's side of the socket. */
  readonly requests: readonly number[]
}

/** A workload on an emulated machine: one connection, one key, any number of handshakes with release. */
export class Workload {
  readonly #connection: Connection
  readonly #machine: SnpPlatform
  readonly #key: JsonWebKey

  private constructor(connection: Connection, machine: SnpPlatform) {
    this.#connection = connection
    this.#machine = machine
    const { x = '', y = '' } = generateKey('P-256').publicKey.export({ format: 'jwk' })
    // In canonical order, as the report binds it.
    this.#key = { alg: 'ECDH-ES+A256KW', crv: 'P-256', kty: 'EC', x, y }
  }

  static async start(url: string, machine: SnpPlatform): Promise<Workload> {
    return new Workload(await Connection.open(url), machine)
  }

  /**
   * auth, attest, get, and as many further gets as make up `releases`.
   *
   * @throws Error when a secret is not released: the rate of refusals is not what is measured
   */
  async handshake(releases = 1): Promise<HandshakeTimes> {
    const start = performance.now()
    const auth = await this.#ask('POST', '/auth', '', AUTH)
    const { nonce } = JSON.parse(auth.body) as { nonce: string }
    const runtimeData = { nonce, 'tee-pubkey': this.#key }
    const bound = JSON.stringify({ 'additional-evidence': '', ...runtimeData })
    const reportData = Buffer.alloc(64)
    createHash('sha384').update(bound).digest().copy(reportData)
    const evidence = kbsEvidence('snp', this.#machine.attest(reportData))
    const attestation = JSON.stringify({
      'init-data': null,
      'runtime-data': runtimeData,
      'tee-evidence': { primary_evidence: evidence, additional_evidence: '' },
    })
    const attest = await this.#ask('POST', '/attest', auth.cookie, attestation)
    const requests = [auth.millis, attest.millis]
    for (let i = 0; i < releases; i++) {
      const get = await this.#ask('GET', `/resource/${RESOURCE}`, auth.cookie, '')
      requests.push(get.millis)
    }
    return { whole: performance.now() - start, requests }
  }

  close(): void {
    this.#connection.close()
  }

  async #ask(method: string, path: string, cookie: string, body: string): ReturnType<Connection['send']> {
    const answer = await this.#connection.send(method, `/kbs/v0${path}`, cookie, body)
    if (answer.status !== 200) throw new Error(`${path} was answered ${answer.status}: ${answer.body.slice(0, 500)}`)
    return answer
  }
}

const AUTH = JSON.stringify({ version: '0.4.0', tee: 'snp', 'extra-params': {} })

/** What a load measured. */
export interface Load {
  readonly perSecond: number
  readonly handshakes: number
  /** Milliseconds, sorted. */
  readonly whole: readonly number[]
  readonly requests: readonly number[]
}

/** How long a load goes on: a number of handshakes (each with so many releases), or of milliseconds. */
export type Extent = { readonly count: number; readonly releases?: number } | { readonly millis: number }

/** Has the workloads make handshakes together, each waiting for its own. */
export async function load(workloads: readonly Workload[], extent: Extent): Promise<Load> {
  const whole: number[] = []
  const requests: number[] = []
  const releases = 'count' in extent ? extent.releases : 1
  const start = performance.now()
  let begun = 0
  const more = (): boolean => ('count' in extent ? begun++ < extent.count : performance.now() - start < extent.millis)
  await Promise.all(
    workloads.map(async (workload) => {
      while (more()) {
        const times = await workload.handshake(releases)
        whole.push(times.whole)
        requests.push(...times.requests)
      }
    }),
  )
  const perSecond = (whole.length * 1000) / (performance.now() - start)
  return { perSecond, handshakes: whole.length, whole: sorted(whole), requests: sorted(requests) }
}

function sorted(values: readonly number[]): readonly number[] {
  return [...values].sort((a, b) => a - b)
}

/** The value that a share of all is not above. */
export function percentile(values: readonly number[], share: number): number {
  return values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
}
