import type { StartTexts } from './texts-model.ts'

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

/** English. */
export const en: StartTexts = {
  lead: 'Two ways to see what a checkpoint does. Each step of the first is a real call that you can repeat by command or in code.',
  guides: { label: 'Guides', run: 'Release a secret', verdict: 'Read a verdict' },
  run: {
    lead: 'A workload on a confidential machine gets a secret: refused first, with the reason, then released. This page plays the owner, and the workload with a key of its own; the machine is emulated.',
    emulated:
      'Every machine here is software under a root that is no hardware vendor’s. What it proves is for trying out only.',
    noPlatforms: {
      heading: 'No emulated machines here',
      text: 'This checkpoint trusts real hardware only, as a checkpoint for real secrets should. To try it without hardware, start another one with emulated machines:',
      restart: 'sekisho up --emulated --data try',
      other: 'Reading a verdict needs neither: bring evidence, or take an example.',
    },
    needsAdmin:
      'The run makes a namespace and has emulated machines sign. That takes the scope “admin” in all namespaces (*), which your token does not have.',
    insecure:
      'The browser lends its cryptography only to pages that came by https or from this machine. Open the checkpoint by https, or at http://127.0.0.1.',
    actions: {
      doIt: 'Do it',
      retry: 'Try again',
      all: 'Do all',
      rest: 'Do the rest',
      restart: 'Start over',
    },
    progress: (done, all) => `${done} of ${all} done`,
    busy: 'Working…',
    steps: {
      namespace: {
        title: 'Make a namespace',
        text: 'The run gets a namespace of its own, “first-run”, so that it touches nothing else. One that an earlier run left is used again.',
      },
      secret: {
        title: 'Put in a secret',
        text: 'The owner hands a secret to the checkpoint. It is encrypted at rest, and no call shows it again: it comes out by release only.',
      },
      policy: {
        title: 'Say who may have it',
        text: 'A policy in Cedar: whoever is verified, not in debug, and known by reference values. Everybody else is refused; so is everybody while there is no policy.',
      },
      reference: {
        title: 'Say which workload is known',
        text: 'Reference values are what a workload is measured to be when it starts. In life they come from your build; here an emulated machine is asked what it measures.',
      },
      refused: {
        title: 'The workload asks, and is refused',
        text: 'The workload makes a key, asks for a nonce, and has its machine sign both. But the machine is not as it should be. Choose what is wrong with it:',
      },
      why: {
        title: 'Read why',
        text: 'The workload heard a short code and an id, and nothing else. The owner reads the whole reason under that id, and what would make it pass.',
      },
      attested: {
        title: 'Apply the remedy, and ask again',
        text: 'The machine is started as it should be. The workload attests anew: another key, another nonce, another signature.',
      },
      released: {
        title: 'The secret is released',
        text: 'The checkpoint encrypts the secret to the key that the evidence binds, and this page decrypts it. Whoever copied the traffic has nothing. With it comes a lease, which has to be renewed.',
      },
      receipt: {
        title: 'Get a receipt',
        text: 'Every decision is an entry of a log that can only grow. A receipt proves to anybody, offline, that this one stands in it.',
      },
      advisory: {
        title: 'The vendor publishes an advisory',
        text: 'An advisory names the generation of the processor that the workload runs on. It changes nothing yet; it shows which live leases it concerns.',
      },
      line: {
        title: 'One line of policy forbids it',
        text: 'The line is tried on what was decided so far, and then put in force. Every live lease is looked at again at once.',
      },
      lost: {
        title: 'The running workload loses its lease',
        text: 'The workload has followed its lease all along. It is told, and when it tries to renew with fresh evidence it is refused.',
      },
    },
    results: {
      namespace: ({ again }) =>
        again === true ? 'first-run was there from an earlier run, and is used again.' : 'first-run is there.',
      secret: ({ secretVersion }) => `Version ${secretVersion} of first/run/password is kept.`,
      policy: ({ policyVersion }) => `Version ${policyVersion} of the policy is in force.`,
      reference: ({ measurement }) => `The workload measured as ${measurement?.slice(0, 16)}… is known.`,
      refused: ({ refusal }) => `The workload hears “${refusal?.code}”.`,
      why: ({ reasons }) => `${plural(reasons?.length ?? 0, 'reason', 'reasons')}, with what would mend it.`,
      attested: () => 'The evidence is accepted.',
      released: () => 'The secret came out, for this workload only.',
      receipt: ({ proof }) => (proof?.proven === true ? 'The receipt proves it.' : 'The receipt proves nothing.'),
      advisory: ({ affected }) => `${plural(affected ?? 0, 'live lease is', 'live leases are')} on such a machine.`,
      line: ({ dryRun, forbiddenBy }) => `Dry run: ${dryRun}. Version ${forbiddenBy} of the policy is in force.`,
      lost: ({ told, renewal }) => `It was told “${told?.kind}”; renewing is refused with “${renewal?.code}”.`,
    },
    secretLabel: 'The secret',
    flawLabel: 'What is wrong with the machine',
    flaws: {
      debug: 'Debugging is on: its host may read its memory',
      measurement: 'It runs something that nobody knows',
    },
    callers: { owner: 'Owner', workload: 'Workload', page: 'In this page' },
    made: {
      key: 'A key pair on P-256; its private half cannot be read by any script. The public half:',
      binding: 'What the machine has to sign: SHA-384 of nonce and key',
      decrypted: 'Decrypted with the private half:',
    },
    calls: (count) => plural(count, 'call and its answer', 'calls and their answers'),
    plan: 'What it calls',
    waiting: 'waiting…',
    answered: 'answered',
    refused: 'Refused',
    released: 'Released',
    hears: 'All that the workload hears:',
    remedies: 'What would make it pass',
    decision: 'Decision',
    opened: 'The secret, as the workload has it',
    leaseUntil: 'Lease until',
    receipt: {
      entry: 'Entry',
      log: 'Log',
      outcome: 'Outcome',
      download: 'Download receipt',
      look: 'On the page of the decision, with a key of your own',
      claim: 'This release stands in the log, at its place.',
    },
    inLog: (index, size) => `number ${index} of ${size}`,
    optional: {
      heading: 'That was the run. It can go on',
      text: 'What happens to a workload that runs already, when its processor turns out to be weak?',
    },
    finished: {
      heading: 'That is all',
      text: 'What the run did stands on the other pages, in the namespace “first-run”:',
      links: {
        decisions: 'Decisions, each with its checks',
        policies: 'The policy and its versions',
        leases: 'The lease that was lost',
        log: 'The log',
      },
    },
    taken:
      'The namespace “first-run” holds something that no run put there. It is left alone: move it to another namespace, or delete it, and try again.',
    notRefused:
      'The workload was let in where it should have been refused. Somebody else changed the policy or the reference values of “first-run”: start over.',
  },
  verdict: {
    lead: 'Six questions to ask of any evidence, with what was checked to answer each. Bring evidence of your own, or take an example. It is read and verified in your browser.',
    pick: 'Bring evidence',
    chapters: {
      what: {
        title: 'What is it?',
        text: 'The format is recognised from the bytes alone. Nothing that it says of itself is believed yet.',
      },
      who: {
        title: 'Who signed it?',
        text: 'A signature is worth what is known of its key. The chain leads from the evidence to a root key that this program has pinned: whoever holds that root vouches for the machine.',
      },
      current: {
        title: 'Is it current?',
        text: 'A genuine machine may be out of date, and a certificate may be revoked. What counts is what the vendor says of its firmware now, and whether somebody looked.',
      },
      runs: {
        title: 'What runs there?',
        text: 'The launch measurement is a digest of what was started. It says something only if it is compared with what you built. Debugging and other switches decide who may look in.',
      },
      fresh: {
        title: 'Is it an answer to you?',
        text: 'Evidence can be recorded and shown again. It is fresh only if it binds a nonce of yours, and it is about whom you talk to only if it binds their key.',
      },
      say: {
        title: 'What is left to say?',
        text: 'What nobody expects is not checked, and what is not checked keeps a verdict from being “verified”. These are yours to say, or to waive by name.',
      },
    },
    chaptersLabel: 'Questions',
    next: 'Next question',
    back: 'Back',
    another: 'Take other evidence',
    workbench: 'Open it in the workbench',
    workbenchHint: 'There you say what you expect, see every field with its bytes, and whom you trust.',
    checks: 'What was checked',
    noChecks: 'This kind of evidence has no check of its own for this.',
    position: (at, of) => `Question ${at} of ${of}`,
    what: {
      form: 'Format',
      size: 'Size',
      wrappers: 'Taken out of',
      companions: 'Came along',
      fields: 'Decoded',
      time: 'Judged at',
    },
    fields: (count) => plural(count, 'field', 'fields'),
    who: { anchor: 'Trust anchor', none: 'none: no chain to a trusted root' },
    say: {
      nothing: 'Nothing is left for you to say: everything that this evidence can be asked was asked.',
      expect: 'Compare these values with what you built before you expect them.',
    },
    standing: {
      pass: 'All of it holds.',
      fail: 'Something does not hold.',
      unchecked: 'Something was not checked.',
      'not-applicable': 'Nothing to check here.',
    },
  },
}
