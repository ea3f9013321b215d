import { decodeBase64 } from '#text'
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
  'nzxkfrV3PLtRLScywNdBXrtVoPqe3i5kkZnmgh25ENUxdzcJd0Zqal5HhszS3evUFJ1qL2MlUp3RDMmHN7B3nBoH4pxHoa4ASUhH' +
  'bEifRaWhXXrI7MasxkWttD2HZ531nAk7xaLpaWxUeFQbl551S1c5FL5V0y/0wJ3fJyGZNM2ZBSez+S7Xj78pJGq+y3EkDvOcLXEH' +
  'tEdUWn/7EOsGCmiphYAhnjaRCVJoOJLWpeKoCAMZPkB1MUBONrMVYjeZqoJQdECXVKLf6PWv1f5jHh/CrzgIkG8op5DZ3Z/gYJOb' +
  'EleQxYBdA331aplTG5bead4z7SJswSB9EEK1yat/QE/HEcD+R2n7lXix3A7EaeoaJeD/mRSIbvJpmyNbtIR91v9AtgbmFweTwvuY' +
  'sxRYf5z9JXNi3+qxCzvS2XZzoaS9RMRTqvR/wfLT0POE90oG+JwInw2mzbf87ujJghqOVPJcBBbRjEaDml+AEvvdPcdNJWJ5rcLA' +
  '1Vr/bwYiQl0b'

/** Its key, RSA of 3072 bits: archives often hold the certificate of the signing key alone. */
export const IAS_ROOT_KEY: PublicKey = rsaKey(decodeBase64(MODULUS) as Uint8Array, Uint8Array.of(1, 0, 1))
