import type { ReferencesTexts } from './texts.ts'

const leases = (kept: number, ended: number): string =>
  kept + ended === 0 ? 'There are no live leases.' : `Live leases looked at again: ${kept} kept, ${ended} ended.`

/** In English. */
export const en: ReferencesTexts = {
  lead: 'What workloads and platforms are expected to be. A secret is released only where the evidence meets one of these sets.',
  needs: (scope) => `This page needs the scope ${scope} in this namespace.`,
  actions: {
    evidence: 'From evidence…',
    import: 'Import a file…',
    write: 'Write a set…',
    edit: 'Edit…',
    remove: 'Delete…',
    back: 'All sets',
    save: 'Store',
    saving: 'Storing…',
  },
  list: {
    heading: 'Reference sets',
    name: 'Name',
    tee: 'TEE',
    owner: 'Owner',
    expires: 'Expires',
    matched: 'Last matched',
    never: 'never',
    noEnd: 'no end',
    from: 'Came from',
    empty: 'There are no reference values: evidence is refused, whatever it says.',
    emptyHow:
      'In life they come from your build: import what “sekisho measure” prints, or a CoRIM. To begin with, take them from the evidence of a workload that you know.',
  },
  notes: {
    'never-matched': {
      short: 'never matched',
      long: 'No evidence ever matched this set. Compare its values with those of real evidence, or delete it.',
    },
    'value-never-matched': {
      short: 'values never seen',
      long: 'No evidence ever had some of the values that it accepts; they are named below. Remove those that nothing needs.',
    },
    expired: { short: 'expired', long: 'It has expired and matches nothing. Renew or delete it.' },
    'expires-soon': {
      short: 'expires soon',
      long: 'It expires within 30 days. Renew it, or see to it that nothing needs it any more.',
    },
    'same-values': {
      short: 'duplicate',
      long: 'Another set holds the same values. Delete one of the two, so that a change reaches all evidence.',
    },
    'base-unpinned': {
      short: 'base not pinned',
      long: 'It pins registers that the guest writes, and what was launched may be anything. Pin “measurement” as well.',
    },
    'nothing-pinned': {
      short: 'nothing pinned',
      long: 'It does not say what may run: evidence that is compared with it stays incomplete, and gets nothing. Pin “measurement”, or “pcrs” of a TPM.',
    },
    'allows-debug': {
      short: 'allows debug',
      long: 'It accepts workloads whose memory the host can read. Remove “allowDebug”.',
    },
    'allows-emulated': {
      short: 'EMULATED',
      long: 'It accepts evidence that no hardware vouches for. Remove “allowEmulated”.',
    },
  },
  kinds: { manual: 'written by hand', json: 'imported, JSON', corim: 'imported, CoRIM', measurement: 'measured' },
  one: {
    values: 'Expected values',
    created: 'Stored',
    unseen: 'Values never seen',
    missing: 'There is no reference set of this name.',
    digest: 'SHA-256 of the source',
  },
  form: {
    newHeading: 'A new reference set',
    editHeading: (name) => `Edit ${name}`,
    name: 'Name',
    nameHint: 'Lower-case letters, digits, “.”, “_” and “-”. Policies name it in context.references.',
    tee: 'TEE',
    owner: 'Owner',
    ownerHint: 'Who answers for the values; you, when nothing is written.',
    expires: 'Expires',
    expiresHint: 'From then on it matches nothing. Your time zone; empty: no end.',
    values: 'Expected values, JSON',
    valuesHint: 'Members as in docs/expectations.md. The checkpoint refuses what its verifier would not compare.',
    notObject: 'This is not a JSON object.',
    exists: 'There is a set of this name already. Edit it, or choose another name.',
    changed: 'Somebody stored this set while you were editing. Open it again to see what it is now.',
    endsTitle: (count) => `${count} live ${count === 1 ? 'lease' : 'leases'} would end`,
    endsLead: 'The evidence behind these leases does not meet the set as it would be:',
    endsAction: 'Store it and end them',
  },
  evidence: {
    heading: 'A set from evidence',
    lead: 'The evidence is decoded here, in the browser, and is sent nowhere. Tick what every instance of the workload must have in common.',
    drop: 'Drop a file here',
    pick: 'Choose a file…',
    reading: 'Reading…',
    unverified:
      'Decoded, not verified: whoever made this evidence chose what it says. Compare the values with those of your build.',
    choose: 'What is expected',
    bad: 'This value cannot be read:',
    none: 'Tick at least one member: a set without any would accept anything.',
    other: 'Another file…',
    noEvidence: 'This file holds no evidence: endorsements, trust anchors and event logs have no reference values.',
    found: (form) => `Found: ${form}`,
  },
  importing: {
    heading: 'Import a file',
    lead: 'Sets in JSON, one or a list; the JSON that “sekisho measure” prints; or an unsigned CoRIM (CBOR). At most 1 MiB. The checkpoint sees from the bytes which it is.',
    file: 'Choose a file…',
    chosen: 'Chosen',
    name: 'Name',
    nameHint: 'Of several sets, what their names begin with.',
    replaces: 'There is a set of this name: importing puts the new one in its place.',
    send: 'Import',
    sending: 'Importing…',
  },
  remove: {
    title: (name) => `Delete ${name}?`,
    action: 'Delete the set',
    lead: 'Evidence that meets no other set is refused from then on.',
    asking: 'Looking at the live leases…',
    unknown: 'Your token cannot see leases: which of them would end is not known.',
    stay: 'No live lease would end.',
  },
  said: {
    stored: (names, kept, ended) => `${names}: stored. ${leases(kept, ended)}`,
    removed: (name, kept, ended) => `${name}: deleted. ${leases(kept, ended)}`,
  },
}
