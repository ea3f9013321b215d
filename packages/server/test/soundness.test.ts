import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { kbsEvidence } from '@sekisho/emulator'
import { CANARY, furnish, RESOURCE, sharedWorld, startCheckpoint } from './kit/checkpoint.ts'
import { attestBody, authBody, binding, cookieOf, decryptAsClient, JSON_HEADERS, teeKeys } from './kit/kbs-client.ts'
import { selfSigned } from './kit/tls.ts'

interface Told {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** A TLS connection of its own, resuming `session` where one is given. */
async function open(
  url: string,
  ca: string,
  session?: Buffer,
): Promise<{ socket: TLSSocket; ticket: Promise<Buffer> }> {
  const { hostname, port } = new URL(url)
  const socket = connect({
    host: hostname,
    port: Number(port),
    ca,
    checkServerIdentity: () => undefined,
    ...(session === undefined ? {} : { session }),
  })
  const ticket = new Promise<Buffer>((resolve) => socket.once('session', resolve))
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  return { socket, ticket }
}

function ask(
  socket: TLSSocket,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<Told> {
  return new Promise((resolve, reject) => {
    const sent = request({ createConnection: () => socket, method, path, headers }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += String(chunk)
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    sent.on('error', reject).end(body)
  })
}

test('soundness 56: a resumed TLS session attests nobody', async (t) => {
  const { key, cert } = selfSigned()
  const { url } = await (async () => {
    const checkpoint = await startCheckpoint(t, { tls: { key, cert } })
    await furnish(checkpoint, sharedWorld().snp())
    return checkpoint
  })()
  const machine = sharedWorld().snp()
  const keys = teeKeys()
  const once = async (
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string,
    session?: Buffer,
  ) => {
    const { socket, ticket } = await open(url, String(cert), session)
    const told = await ask(socket, method, path, { ...headers, connection: 'close' }, body)
    return { ...told, ticket, resumed: socket.isSessionReused() }
  }
  const auth = await once('POST', '/kbs/v0/auth', JSON_HEADERS, authBody('snp'))
  const cookie = cookieOf(auth)
  const { nonce } = JSON.parse(auth.text) as { nonce: string }
  const evidence = kbsEvidence('snp', machine.attest(binding(nonce, keys.publicJwk)))
  const body = attestBody(nonce, keys.publicJwk, evidence)
  const attested = await once('POST', '/kbs/v0/attest', { ...JSON_HEADERS, cookie }, body)
  assert.equal(attested.status, 200, attested.text)
  const released = await once('GET', `/kbs/v0/resource/${RESOURCE}`, { cookie })
  assert.equal(decryptAsClient(JSON.parse(released.text), keys.privateKey).plaintext, CANARY)

  // The session of the very connection over which the secret went, resumed by somebody without the cookie.
  const session = await released.ticket
  const resumed = await once('GET', `/kbs/v0/resource/${RESOURCE}`, {}, undefined, session)
  assert.equal(resumed.resumed, true)
  assert.equal(resumed.status, 401)
  assert.ok(!resumed.text.includes(CANARY))
})
