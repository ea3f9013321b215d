import { isNamespace } from '../names.ts'
import { BrokerError } from './model.ts'

/** @throws BrokerError `invalid` when `name` is no name of a namespace */
export function checkNamespace(name: string): string {
  if (isNamespace(name)) return name
  throw new BrokerError('invalid', 'namespace: expected lower-case letters, digits and hyphens, at most 63')
}

/** Names of TEEs as the KBS protocol spells them, old and new, to ours. Names that are not here are ours already. */
const KBS_TEES: Readonly<Record<string, string>> = {
  'az-snp-vtpm': 'azure-vtpm',
  azsnpvtpm: 'azure-vtpm',
  'az-tdx-vtpm': 'azure-vtpm',
  aztdxvtpm: 'azure-vtpm',
  nvidia: 'nvidia-gpu',
  se: 'ibm-se',
}

/** A TEE's name in our spelling. */
export function teeName(name: string): string {
  return KBS_TEES[name] ?? name
}
