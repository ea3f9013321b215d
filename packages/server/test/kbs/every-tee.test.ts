import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kbsEvidence } from '@sekisho/emulator'
import { apiClient } from '../kit/api.ts'
import { CANARY, furnish, type Machine, RESOURCE, sharedWorld, startCheckpoint } from '../kit/checkpoint.ts'
import {
  attestBody,
  authBody,
  binding,
  cookieOf,
  decryptAsClient,
  errorInformation,
  JSON_HEADERS,
  send,
  teeKeys,
} from '../kit/kbs-client.ts'

const MACHINES: readonly (readonly [name: string, start: () => Machine, other: () => Machine])[] = [
  ['SEV-SNP', () => sharedWorld().snp(), () => sharedWorld().snp({ measurement: 'ee'.repeat(48) })],
  ['TDX', () => sharedWorld().tdx(), () => sharedWorld().snp()],
  ['SGX', () => sharedWorld().sgx(), () => sharedWorld().snp()],
  ['Nitro', () => sharedWorld().nitro(), () => sharedWorld().snp()],
  ['CCA', () => sharedWorld().cca(), () => sharedWorld().snp()],
  ['TPM', () => sharedWorld().tpm(), () => sharedWorld().snp()],
]

for (const [name, start, other] of MACHINES) {
  test(`${name}: secret over KBS and over the native API; replayed, relayed and strange evidence gets none`, async (t) => {
    const checkpoint = await startCheckpoint(t)
    const machine = start()
    await furnish(checkpoint, machine)
    const base = `${checkpoint.url}/kbs/v0`
    const keys = teeKeys()
    const challenge = async (): Promise<{
      readonly nonce: string
      readonly headers: Readonly<Record<string, string>>
    }> => {
      const answer = await send(`${base}/auth`, { method: 'POST', headers: JSON_HEADERS, body: authBody(machine.tee) })
      assert.equal(answer.status, 200, answer.text)
      const { nonce } = JSON.parse(answer.text) as { nonce: string }
      return { nonce, headers: { ...JSON_HEADERS, cookie: cookieOf(answer) } }
    }
    const first = await challenge()
    const evidence = kbsEvidence(machine.tee, machine.attest(binding(first.nonce, keys.publicJwk)))
    const body = attestBody(first.nonce, keys.publicJwk, evidence)
    const attested = await send(`${base}/attest`, { method: 'POST', headers: first.headers, body })
    assert.equal(attested.status, 200, attested.text)
    const got = await send(`${base}/resource/${RESOURCE}`, { method: 'GET', headers: first.headers })
    assert.equal(got.status, 200, got.text)
    const jwe = JSON.parse(got.text) as Parameters<typeof decryptAsClient>[0]
    assert.equal(decryptAsClient(jwe, keys.privateKey).plaintext, CANARY)

    const api = await apiClient(checkpoint.url)
    const native = await api.call('POST', '/api/v1/workload/challenge', { json: { tee: machine.tee } })
    const nonce = String(native.json['nonce'])
    const collected = machine.attest(binding(nonce, keys.publicJwk))
    const told = await api.call('POST', '/api/v1/workload/attest', {
      json: {
        session: native.json['session'],
        evidence: kbsEvidence(machine.tee, collected),
        runtimeData: { nonce, 'tee-pubkey': keys.publicJwk },
      },
    })
    assert.equal(told.status, 200, told.text)
    const released = await api.call('POST', '/api/v1/workload/release', {
      json: { token: told.json['token'], resource: RESOURCE },
    })
    assert.equal(released.status, 200, released.text)

    const strangers = teeKeys()
    const bad = async (what: string, make: (nonce: string) => string): Promise<void> => {
      const { nonce, headers } = await challenge()
      const answer = await send(`${base}/attest`, { method: 'POST', headers, body: make(nonce) })
      assert.equal(answer.status, 401, `${what}: ${answer.text}`)
      assert.ok(errorInformation(answer).type.endsWith('/AttestationError'))
      const nothing = await send(`${base}/resource/${RESOURCE}`, { method: 'GET', headers })
      assert.equal(nothing.status, 401, what)
    }
    await bad('replayed', (nonce) => attestBody(nonce, keys.publicJwk, evidence))
    await bad('another key', (nonce) =>
      attestBody(nonce, strangers.publicJwk, kbsEvidence(machine.tee, machine.attest(binding(nonce, keys.publicJwk)))),
    )
    await bad('another machine', (nonce) => {
      const relay = other()
      return attestBody(nonce, keys.publicJwk, kbsEvidence(relay.tee, relay.attest(binding(nonce, keys.publicJwk))))
    })
  })
}
