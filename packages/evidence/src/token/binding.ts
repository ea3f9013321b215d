import { digestHex } from '../core/assemble.ts'
import { concatBytes } from '../core/bytes.ts'
import { fail, notApplicable, pass, REPLACE_EVIDENCE } from '../core/engine.ts'
import { textOf } from '../core/json.ts'
import type { Finding } from '../core/verdict.ts'
import type { DigestJob } from '../crypto/jobs.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { itaAttester, itaNonce } from './ita.ts'
import type { Token } from './model.ts'
import type { TokenService } from './services.ts'
import type { TokenState } from './state.ts'

/**
 * Intel Trust Authority: the digest that an SGX enclave or a TD puts into its report data, over the
 * nonce, its time and the held data. Undefined where the token does not carry all of these.
 */
export function planBinding({ claims }: Token, service: TokenService): DigestJob | undefined {
  if (service !== 'ita' || itaNonce(claims, 'val') === undefined) return undefined
  const { type, from } = itaAttester(claims)
  const sgx = type === 'SGX'
  const held = textOf(from, 'attester_held_data') ?? ''
  const texts = [itaNonce(claims, 'val'), itaNonce(claims, 'iat'), held]
  const parts = texts.map((text) => (typeof text === 'string' ? decodeBase64(text) : undefined))
  const known = parts.filter((part) => part !== undefined)
  if (known.length < parts.length) return undefined
  return { kind: 'digest', algorithm: sgx ? 'sha256' : 'sha512', data: concatBytes(...known) }
}

/**
 * Whether the nonce that the token names is the one in the attested report data, or in the runtime data whose digest that is:
 * above a paravisor a TD has no report data of its own, and what it asks for is `user-data` there.
 */
export function bindingFinding({ binding, statement, service, token }: TokenState): Finding {
  if (service !== 'ita' || statement.nonces.length === 0) return notApplicable('the token has no nonce to be bound')
  const expected = binding === undefined ? undefined : digestHex(binding)
  const details = { ...(expected === undefined ? {} : { expected }), actual: statement.reportData }
  // SHA-256 fills half of the report data; the other half is the enclave's own.
  if (expected !== undefined && statement.reportData.length === 128 && statement.reportData.startsWith(expected))
    return pass('the report data is the digest of nonce and held data', details)
  const { type, from } = itaAttester(token.claims)
  const userData = textOf(from, 'attester_runtime_data', 'user-data')?.toLowerCase()
  if (expected !== undefined && type === 'TDX' && userData === expected)
    return pass(
      'the runtime data, whose digest the report data is by the word of the service, have that of nonce and held data',
      {
        expected,
        actual: userData,
      },
    )
  return fail('the report data is not the digest of nonce and held data', REPLACE_EVIDENCE, details)
}
