import type { Party } from '@sekisho/evidence'

const WORDS: Readonly<Record<Party, string>> = {
  'relying-party': 'you, who relies on it',
  'workload-owner': 'whoever owns the workload',
  'platform-owner': 'whoever runs the machine',
  'hardware-vendor': 'the hardware vendor',
  nobody: 'nobody',
}

/** Who can do what a remedy says, in words for whoever reads it; a party that is not known here stays as it is. */
export function partyOf(by: string): string {
  const known = Object.entries(WORDS).find(([party]) => party === by)
  return known === undefined ? by : known[1]
}
