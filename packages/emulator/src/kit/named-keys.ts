import { keptInFolder } from './key-folder.ts'
import { generateKey, type KeyKind, type KeyPair } from './keys.ts'

const kept = new Map<string, KeyPair>()

/**
 * The key pair called `name`, made at its first use and kept for the life of the process: RSA keys take a second each.
 * Where the variable `SEKISHO_KIT_KEYS` names a folder, RSA keys are kept there too, for other processes; whoever sets it
 * makes and removes the folder.
 */
export function namedKey(name: string, kind: KeyKind): KeyPair {
  const label = `${kind} ${name}`
  const known = kept.get(label)
  if (known !== undefined) return known
  const folder = kind.startsWith('RSA-') ? (process.env['SEKISHO_KIT_KEYS'] ?? '') : ''
  const make = (): KeyPair => generateKey(kind)
  const pair = folder === '' ? make() : keptInFolder(folder, label, make)
  kept.set(label, pair)
  return pair
}

/** RSA keys for `createWorld`: the same for all worlds with the same `label`, and made once. */
export function keptRsaKeys(label = 'world'): (name: string, bits: 2048 | 3072 | 4096) => KeyPair {
  return (name, bits) => namedKey(`${label}: ${name}`, `RSA-${bits}`)
}
