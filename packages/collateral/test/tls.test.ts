import assert from 'node:assert/strict'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { distinguishedName, generateKey, issueCertificate, type KeyPair, toPem } from '@sekisho/emulator/kit'
import { networkSource } from '../src/index.ts'
import { canned } from './hostile-server.ts'
import { intelAnswers } from './vendors.ts'

const answers = intelAnswers('sgx', {}, 'pccs')

/** A self-signed certificate as a PCCS makes it for itself: a name that is not the host's, and no alternative names. */
function selfSigned(key: KeyPair): string {
  const name = distinguishedName(['CN', 'pccs'])
  const validity = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2049-01-01T00:00:00Z') }
  return toPem(
    issueCertificate({
      subject: name,
      issuer: name,
      serial: 1,
      ...validity,
      subjectKey: key,
      issuerKey: key,
      algorithm: 'ecdsa-p256-sha256',
    }),
  )
}

async function tlsServer(
  t: TestContext,
  key: KeyPair,
  cert: string,
): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = []
  const options = { key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }), cert }
  const server = https.createServer(options, (request, response) => {
    asked.push(request.url ?? '')
    canned(answers.table)(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const common = { limits: { attempts: 1 }, trustAnchors: [answers.made.anchor], now: (): Date => answers.made.at }

test('a self-signed PCCS is reached when exactly its certificate is given, whatever name it has', async (t) => {
  const key = generateKey('P-256')
  const cert = selfSigned(key)
  const { url } = await tlsServer(t, key, cert)
  const source = networkSource({ ...common, intel: { baseUrl: url, tlsCertificates: cert } })
  assert.deepEqual((await source.intel(answers.request)).collateral, answers.made.collateral)
})

test('without its certificate, or with another one of the same name, it is not asked anything', async (t) => {
  const key = generateKey('P-256')
  const { url, asked } = await tlsServer(t, key, selfSigned(key))
  const other = selfSigned(generateKey('P-256'))
  for (const tls of [{}, { tlsCertificates: other }]) {
    const source = networkSource({ ...common, intel: { baseUrl: url, ...tls } })
    await assert.rejects(source.intel(answers.request), { code: 'unreachable' })
  }
  assert.deepEqual(asked, [])
})

test('the environment cannot switch the check of TLS certificates off', async (t) => {
  const key = generateKey('P-256')
  const { url, asked } = await tlsServer(t, key, selfSigned(key))
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  t.after(() => {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  })
  await assert.rejects(networkSource({ ...common, intel: { baseUrl: url } }).intel(answers.request), {
    code: 'unreachable',
  })
  assert.deepEqual(asked, [])
})

test('a CA may be given instead; then the name must fit', async (t) => {
  const [caKey, key] = [generateKey('P-256'), generateKey('P-256')]
  const caName = distinguishedName(['CN', 'A CA'])
  const validity = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2049-01-01T00:00:00Z') }
  const shared = { issuer: caName, ...validity, issuerKey: caKey, algorithm: 'ecdsa-p256-sha256' } as const
  const ca = toPem(
    issueCertificate({
      ...shared,
      subject: caName,
      serial: 1,
      subjectKey: caKey,
      extensions: [{ oid: '2.5.29.19', critical: true, value: Uint8Array.of(0x30, 3, 1, 1, 0xff) }],
    }),
  )
  const subject = { ...shared, subject: distinguishedName(['CN', 'host']), subjectKey: key }
  // subjectAltName with iPAddress 127.0.0.1, and without it
  const named = toPem(
    issueCertificate({
      ...subject,
      serial: 2,
      extensions: [{ oid: '2.5.29.17', value: Uint8Array.of(0x30, 6, 0x87, 4, 127, 0, 0, 1) }],
    }),
  )
  const unnamed = toPem(issueCertificate({ ...subject, serial: 3 }))
  const right = await tlsServer(t, key, named)
  const wrong = await tlsServer(t, key, unnamed)
  const source = (baseUrl: string): ReturnType<typeof networkSource> =>
    networkSource({ ...common, intel: { baseUrl, tlsCertificates: ca } })
  assert.equal((await source(right.url).intel(answers.request)).fmspc, 'c0ffee000001')
  await assert.rejects(source(wrong.url).intel(answers.request), { code: 'unreachable' })
  assert.deepEqual(wrong.asked, [])
  assert.throws(() => networkSource({ intel: { baseUrl: right.url, tlsCertificates: 'not PEM' } }), TypeError)
})
