import { fromHex } from '../core/bytes.ts'
import type { TrustAnchor } from '../core/verdict.ts'
import type { PublicKey } from '../crypto/jobs.ts'
import { rsaKey } from '../crypto/rsa-key.ts'

/** The authority that certified the keys of Intel's attestation service (IAS). */
export const IAS_ROOT: TrustAnchor = {
  id: 'intel-ias-root',
  name: 'Intel SGX Attestation Report Signing CA',
  vendor: 'Intel',
  spkiSha256: 'a9beeb83bb1222c108b436bdd82334e5cf380d61039dae11db95272343850394',
}

const MODULUS =
  '9f3c647eb5773cbb512d2732c0d7415ebb55a0fa9ede2e649199e6821db910d53177370977466a6a5e4786ccd2ddebd4' +
  '149d6a2f6325529dd10cc98737b0779c1a07e29c47a1ae004948476c489f45a5a15d7ac8ecc6acc645adb43d87679df5' +
  '9c093bc5a2e9696c5478541b979e754b573914be55d32ff4c09ddf27219934cd990527b3f92ed78fbf29246abecb7124' +
  '0ef39c2d7107b447545a7ffb10eb060a68a98580219e36910952683892d6a5e2a80803193e407531404e36b315623799' +
  'aa825074409754a2dfe8f5afd5fe631e1fc2af3808906f28a790d9dd9fe060939b125790c5805d037df56a99531b96de' +
  '69de33ed226cc1207d1042b5c9ab7f404fc711c0fe4769fb9578b1dc0ec469ea1a25e0ff9914886ef2699b235bb4847d' +
  'd6ff40b606e6170793c2fb98b314587f9cfd257362dfeab10b3bd2d97673a1a4bd44c453aaf47fc1f2d3d0f384f74a06' +
  'f89c089f0da6cdb7fceee8c9821a8e54f25c0416d18c46839a5f8012fbdd3dc74d256279adc2c0d55aff6f0622425d1b'

/** Its key, RSA of 3072 bits: archives often hold the certificate of the signing key alone. */
export const IAS_ROOT_KEY: PublicKey = rsaKey(fromHex(MODULUS) as Uint8Array, Uint8Array.of(1, 0, 1))
