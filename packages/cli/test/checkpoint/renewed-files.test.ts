import assert from 'node:assert/strict'
import { sign, X509Certificate } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { connect } from 'node:tls'
import { type Attester, Refusal, requestLeasedSecret } from '@sekisho/attester'
import { generateKey } from '@sekisho/emulator/kit'
import { scratch } from '../process.ts'
import { until } from '../until.ts'
import { ownerAt, rows } from './shared.ts'
import { loopbackCertificate } from './tls.ts'
import { startUp, type Up } from './up.ts'

const ISSUER = 'https://verifier.example'
const KEYS = { a: generateKey('P-256'), b: generateKey('P-256') }
type Kid = keyof typeof KEYS

/** A guest that an attestation service has looked at: evidence is the service's token. */
function guest(kid: Kid): Attester {
  return {
    tee: 'token',
    async attest({ reportData }) {
      const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
      const seconds = Math.floor(Date.now() / 1000)
      const claims = {
        ...{ iss: ISSUER, iat: seconds, exp: seconds + 300 },
        eat_nonce: Buffer.from(reportData).toString('base64url'),
        eat_profile: 'tag:github.com,2023:veraison/ear',
        'ear.verifier-id': { developer: 'test', build: '1' },
        submods: { cpu0: { 'ear.status': 'affirming' } },
      }
      const text = `${part({ alg: 'ES256', kid })}.${part(claims)}`
      const signature = sign('sha256', Buffer.from(text), { key: KEYS[kid].privateKey, dsaEncoding: 'ieee-p1363' })
      const evidence = Buffer.from(`${text}.${signature.toString('base64url')}`)
      return { tee: 'token', kbs: evidence.toString('base64'), evidence }
    },
  }
}

/** The service's key set, put in the place of the one that is there, as programs do that fetch it. */
function publish(file: string, kids: readonly Kid[]): void {
  const keys = kids.map((kid) => ({ ...KEYS[kid].publicKey.export({ format: 'jwk' }), kid }))
  writeFileSync(`${file}.new`, JSON.stringify({ issuer: ISSUER, keys }))
  renameSync(`${file}.new`, file)
}

/** A lease of a guest: its id, or the code of the refusal. */
async function asked(up: Up, kid: Kid): Promise<string> {
  try {
    return (await requestLeasedSecret({ url: up.url, attester: guest(kid), resource: 'demo/db/password' })).lease.id
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}

async function metric(up: Up, name: string): Promise<string | undefined> {
  const text = await (await fetch(`${up.url}/metrics`)).text()
  return new RegExp(`^${name} (\\d)$`, 'm').exec(text)?.[1]
}

describe('files that are renewed under a running checkpoint', () => {
  it('key sets of attestation services: new keys count, old ones no more, and what cannot be read changes nothing', async () => {
    const home = scratch()
    const [data, file] = [join(home, 'data'), join(home, 'service.jwks')]
    publish(file, ['a'])
    const up = await startUp(['--offline', '--data', data, '--endorsements', file])
    const owner = ownerAt(join(home, 'profile.json'), 'default', home)
    try {
      await owner.ok(['login', '--data', data])
      await owner.ok(['secret', 'put', 'demo/db/password'], { input: 'of guests' })
      const permit = 'permit (principal, action, resource) when { context.verdict.outcome == "verified" };'
      await owner.ok(['policy', 'set', owner.file('policy.cedar', permit)])
      const set = { name: 'any', tee: 'token', values: { appraisals: ['cpu0'] }, owner: 'tester' }
      await owner.ok(['reference', 'put', 'any', owner.file('set.json', JSON.stringify(set))])
      const leases = async (): Promise<Readonly<Record<string, unknown>>> =>
        Object.fromEntries(
          rows((await owner.json(['lease', 'list']))['leases']).map(({ id, state }) => [String(id), state]),
        )
      const mine = await asked(up, 'a')
      assert.match(mine, /^lse_/)
      assert.equal(await asked(up, 'b'), 'evidence-rejected')

      publish(file, ['a', 'b'])
      let other = ''
      const counts = async (): Promise<boolean> => {
        other = await asked(up, 'b')
        return other.startsWith('lse_')
      }
      await until('the new key counts', counts, up.err)
      assert.match(up.err(), /"level":"info","msg":"files","files":"endorsements","reason":"read anew/)
      assert.match(await owner.ok(['doctor']), /^ok {4}storage/m)
      assert.equal(await metric(up, 'sekisho_endorsement_files_stale'), '0')

      writeFileSync(file, '{ "issuer": 5, "keys": [] }')
      await until('what cannot be read is told', async () => up.err().includes('"level":"warn"'), up.err)
      assert.match(
        up.err(),
        /"msg":"files","files":"endorsements","reason":"[^"]*`issuer` is no text: what was read before stays in use"/,
      )
      assert.equal(await metric(up, 'sekisho_endorsement_files_stale'), '1')
      const doctor = await owner.run(['doctor'])
      assert.equal(doctor.code, 1)
      assert.match(doctor.out, /^FAIL {2}files: those of --endorsements have changed and cannot be used/m)
      assert.equal((await fetch(`${up.url}/readyz`)).status, 200)
      assert.match(await asked(up, 'b'), /^lse_/, 'the keys that were read before count')

      publish(file, ['b'])
      await until('leases on the key that is gone end', async () => (await leases())[mine] === 'revoked', up.err)
      assert.equal(await asked(up, 'a'), 'evidence-rejected')
      assert.equal((await leases())[other], 'live')
      assert.equal(await metric(up, 'sekisho_endorsement_files_stale'), '0')
      assert.match(await owner.ok(['lease', 'list']), /reappraisal: endorsements/)
    } finally {
      assert.equal(await up.stop(), 0)
    }
  })

  it('certificate and key: connections get the renewed one, and what does not belong together is not used', async () => {
    const home = scratch()
    const [certFile, keyFile] = [join(home, 'cert.pem'), join(home, 'key.pem')]
    const [first, second, third] = [loopbackCertificate(), loopbackCertificate(), loopbackCertificate()]
    const put = ({ cert, key }: { readonly cert: string; readonly key: string }): void => {
      writeFileSync(certFile, cert)
      writeFileSync(keyFile, key, { mode: 0o600 })
    }
    put(first)
    const up = await startUp([
      ...['--offline', '--data', join(home, 'data')],
      ...['--tls-cert', certFile, '--tls-key', keyFile],
    ])
    try {
      const shown = (): Promise<string> =>
        new Promise((resolve, reject) => {
          const { hostname: host, port } = new URL(up.url)
          const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
            resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '')
            socket.end()
          }).on('error', reject)
        })
      const is = async ({ cert }: { readonly cert: string }): Promise<boolean> =>
        (await shown()) === new X509Certificate(cert).fingerprint256
      assert.ok(await is(first))
      put(second)
      await until('the renewed certificate is shown', () => is(second), up.err)
      put({ cert: third.cert, key: second.key })
      await until('what does not belong together is told', async () => up.err().includes('"level":"warn"'), up.err)
      assert.match(
        up.err(),
        /"files":"tls","reason":"--tls-cert and --tls-key: [^"]*: the certificate read before stays in use"/,
      )
      assert.ok(await is(second))
      put(third)
      await until('the next one is shown', () => is(third), up.err)
      assert.doesNotMatch(up.err(), /PRIVATE KEY/)
    } finally {
      assert.equal(await up.stop(), 0)
    }
  })
})
