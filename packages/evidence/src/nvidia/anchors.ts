import type { TrustAnchor } from '../core/verdict.ts'
import type { PublicKey } from '../crypto/jobs.ts'
import { pinnedKey } from '../x509/pinned-key.ts'

/** NVIDIA's root of GPU and NVSwitch device certificates. */
export const NVIDIA_DEVICE_ROOT: TrustAnchor = {
  id: 'nvidia-device-identity-root',
  name: 'NVIDIA Device Identity CA',
  vendor: 'NVIDIA',
  spkiSha256: 'a90c4eb5acfd3e3d03a25db6a26b84f720ad0503196c627c21ddd48dd85b06a4',
}

/** NVIDIA's root of the keys that sign reference integrity manifests. It vouches for no device. */
export const NVIDIA_RIM_ROOT: TrustAnchor = {
  id: 'nvidia-rim-signing-root',
  name: 'NVIDIA CoRIM signing Root CA',
  vendor: 'NVIDIA',
  spkiSha256: 'dec1dc316477aa851eebdf51327ae9f864bc8d89254657ed1e7eb9168af1e1a3',
}

/** SHA-256 of the two root certificates that NVIDIA has published. */
export const NVIDIA_ROOT_CERTIFICATES: readonly string[] = [
  '102bf659d5419614c9d8e6aecebc80454eb26b1df6a769ac720b9a690b167b48',
  '12977b5115acb0381179279fffeb5a8c4d264971ebb32298023a465fa41df5d1',
]

/** The keys themselves. */
export const NVIDIA_ROOT_KEYS: readonly PublicKey[] = [
  pinnedKey(
    'P-384',
    '0e4c14a33bf8a5626658db4129607e4cbf4519c4412716f4d0d917c4978005bdeabeaefd57bc66082d718a4f8b6052e1' +
      '516ee8a7c422b84de857071bb58fd395bea0cfa1c63ee7c80d6bd63901d91cbbd187d3857dc16b5cceaf238ff8c27dbd',
  ),
  pinnedKey(
    'P-384',
    'b840b28bdbcd33e230da57d4cf2065747030682d4717b4c2829d7641c1325139b74da831c2be3c779e7e2b6548956608' +
      '0e4ecd94021075c57f15fedeb862c8f906ae8fddc7b12238597dbdf0fa56e78453833f6d0be43af3871a47f057584799',
  ),
]

/** What is trusted where the caller names no roots. */
export const NVIDIA_ROOTS: readonly TrustAnchor[] = [NVIDIA_DEVICE_ROOT, NVIDIA_RIM_ROOT]

/** The anchor with this key. NVIDIA's own root for the other purpose is none, whoever lists it. */
export function anchorOf(
  spkiSha256: string,
  anchors: readonly TrustAnchor[],
  purpose: 'device' | 'rim',
): TrustAnchor | undefined {
  const other = purpose === 'device' ? NVIDIA_RIM_ROOT : NVIDIA_DEVICE_ROOT
  if (spkiSha256 === other.spkiSha256) return undefined
  return anchors.find((anchor) => anchor.spkiSha256 === spkiSha256)
}
