import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import { ClientError, type Credential, type EnrolRequest, enrol, Refusal, TpmError } from '../src/index.ts'
import { failure } from './failure.ts'
import { type Handler, json, withServer } from './fake-checkpoint.ts'

const AK_NAME = `000b${'5a'.repeat(32)}`
const ENROLMENT = '0b9a3c1e5d7f40a2b1c3d5e7f9012345'
const BEGUN = { enrolment: ENROLMENT, credentialBlob: 'AAIBAg==', encryptedSecret: 'AAEJ' }

type Machine = EnrolRequest['attester']

/** A machine whose TPM answers every credential with the secret 7, 8, 9. */
function machine(certificates: readonly Uint8Array[], seen: Credential[] = []): Machine {
  return {
    akName: AK_NAME,
    enrolmentRequest: async () => ({
      akPublic: Uint8Array.of(1),
      ekPublic: Uint8Array.of(2),
      ekCertificates: certificates,
    }),
    activate: async (credential) => {
      seen.push(credential)
      return Uint8Array.of(7, 8, 9)
    },
  }
}

const CERTIFIED = [Uint8Array.of(0x30, 3), Uint8Array.of(0x30, 4)]

function checkpoint(begun: unknown, activated: unknown = { akName: AK_NAME }): Handler {
  return ({ path }, response: ServerResponse) => json(response, 200, path.endsWith('/activate') ? activated : begun)
}

describe('a machine that has its attestation key enrolled', () => {
  it('sends both keys and the certificates, and then the secret that only its TPM could have read', async () => {
    await withServer(checkpoint(BEGUN), async (url, seen) => {
      const credentials: Credential[] = []
      const attester = machine(CERTIFIED, credentials)
      assert.deepEqual(await enrol({ url, attester, namespace: 'team-a' }), { akName: AK_NAME })
      assert.deepEqual(credentials, [
        { credentialBlob: Uint8Array.of(0, 2, 1, 2), encryptedSecret: Uint8Array.of(0, 1, 9) },
      ])
      assert.deepEqual(
        seen.map(({ method, path, body }) => [`${method} ${path}`, body]),
        [
          [
            'POST /api/v1/workload/enrolments',
            { namespace: 'team-a', akPublic: 'AQ==', ekPublic: 'Ag==', ekCertificates: ['MAM=', 'MAQ='] },
          ],
          [`POST /api/v1/workload/enrolments/${ENROLMENT}/activate`, { secret: 'BwgJ' }],
        ],
      )
    })
  })

  it('says so before it sends anything when nobody vouches for its TPM, or the namespace is none', async () => {
    await withServer(checkpoint(BEGUN), async (url, seen) => {
      const { code, message } = await failure(enrol({ url, attester: machine([]) }), TpmError)
      assert.equal(code, 'unsupported')
      assert.match(message, /nobody vouches for it/)
      await assert.rejects(enrol({ url, attester: machine(CERTIFIED), namespace: 'a/b' }), TypeError)
      assert.deepEqual(seen, [])
    })
  })

  it('sends no secret where the answer names an enrolment that cannot stand in a path', async () => {
    for (const enrolment of [undefined, 7, '../release', `${ENROLMENT}0`, `x${ENROLMENT}`, `${ENROLMENT}/../x`])
      await withServer(checkpoint({ ...BEGUN, enrolment }), async (url, seen) => {
        assert.equal((await failure(enrol({ url, attester: machine(CERTIFIED) }), ClientError)).code, 'protocol')
        assert.equal(seen.length, 1, String(enrolment))
      })
  })

  it('hands its TPM no credential that is none, or longer than any', async () => {
    for (const part of [undefined, '', 'A'.repeat(2049)])
      for (const name of ['credentialBlob', 'encryptedSecret'])
        await withServer(checkpoint({ ...BEGUN, [name]: part }), async (url) => {
          const credentials: Credential[] = []
          const { code, message } = await failure(
            enrol({ url, attester: machine(CERTIFIED, credentials) }),
            ClientError,
          )
          assert.equal(code, 'protocol')
          assert.ok(message.includes(name), message)
          assert.deepEqual(credentials, [])
        })
  })

  it('is not told that another key was enrolled than its own', async () => {
    for (const activated of [{}, { akName: AK_NAME.toUpperCase() }, { akName: `000b${'00'.repeat(32)}` }])
      await withServer(checkpoint(BEGUN, activated), async (url) =>
        assert.equal((await failure(enrol({ url, attester: machine(CERTIFIED) }), ClientError)).code, 'protocol'),
      )
  })

  it('tells why the checkpoint refused', async () => {
    const untrusted: Handler = (_seen, response) => json(response, 403, { code: 'root-untrusted' })
    await withServer(untrusted, async (url) => {
      const { code, status } = await failure(enrol({ url, attester: machine(CERTIFIED) }), Refusal)
      assert.deepEqual({ code, status }, { code: 'root-untrusted', status: 403 })
    })
  })
})
