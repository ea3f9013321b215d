import type { Outcome, Party, VerdictOutcome } from '@sekisho/evidence'
import type { LayerId } from '../map/layers.ts'
import type { PartyId, PartyReason, Standing } from '../map/model.ts'

/** Languages of the page. */
export type Language = 'en' | 'ja'

/** How the page looks. */
export type Theme = 'auto' | 'light' | 'dark'

/** Examples that come with the page. */
export type ExampleName = 'snp-genoa' | 'tdx' | 'tdx-out-of-date' | 'tdx-debug' | 'sgx'

/** Every text of the page; a language that lacks one does not compile. Sentences of verdicts are not among them. */
export interface Texts {
  readonly name: string
  readonly title: string
  readonly tagline: string
  readonly skip: string
  readonly language: string
  readonly theme: string
  readonly themes: Readonly<Record<Theme, string>>
  readonly local: string
  readonly emulated: string
  readonly emulatedWhy: string
  readonly welcome: Readonly<
    Record<
      | 'heading'
      | 'lead'
      | 'drop'
      | 'dropHint'
      | 'pick'
      | 'paste'
      | 'pasteLabel'
      | 'pasteOpen'
      | 'cancel'
      | 'kinds'
      | 'kindsLabel'
      | 'together'
      | 'examples'
      | 'examplesHint',
      string
    >
  >
  readonly examples: Readonly<Record<ExampleName, { readonly name: string; readonly note: string }>>
  readonly busy: { readonly reading: string; readonly judging: string }
  readonly fault: {
    readonly heading: string
    readonly time: string
    tooLarge(name: string, megabytes: number): string
    tooMany(most: number): string
    readonly noEvidence: string
    readonly example: string
    readonly link: string
    readonly dismiss: string
    readonly code: string
  }
  readonly tabs: Readonly<Record<'label' | 'verdict' | 'map' | 'fields' | 'compare', string>>
  readonly actions: {
    readonly close: string
    readonly download: string
    readonly link: string
    readonly linkDone: string
    readonly linkManual: string
    linkTooLong(kilobytes: number): string
    readonly part: string
    readonly whole: string
  }
  readonly verdict: VerdictTexts
  readonly judgedWith: Readonly<
    Record<
      | 'heading'
      | 'time'
      | 'now'
      | 'timeHint'
      | 'endorsements'
      | 'noEndorsements'
      | 'anchors'
      | 'vendorAnchors'
      | 'add'
      | 'addEndorsement'
      | 'fetch'
      | 'fetching'
      | 'fetchHint'
      | 'addAnchor'
      | 'eventLog',
      string
    >
  > & { remove(what: string): string }
  readonly expect: Readonly<
    Record<
      | 'heading'
      | 'lead'
      | 'all'
      | 'none'
      | 'perLine'
      | 'more'
      | 'moreHint'
      | 'badObject'
      | 'download'
      | 'emulatedLabel'
      | 'empty',
      string
    >
  > & { bad(what: string): string }
  readonly fields: Readonly<
    Record<
      | 'heading'
      | 'filter'
      | 'none'
      | 'hex'
      | 'hexHint'
      | 'offset'
      | 'length'
      | 'meaning'
      | 'source'
      | 'derived'
      | 'pick'
      | 'noField'
      | 'previous'
      | 'next',
      string
    >
  > & { shown(shown: number, all: number): string; page(from: number, to: number, all: number): string }
  readonly compare: Readonly<
    Record<'heading' | 'lead' | 'pick' | 'again' | 'nothing' | 'field' | 'absent' | 'otherTee' | 'notEvidence', string>
  > & { result(differ: number, same: number): string }
  readonly map: MapTexts
  readonly footer: { readonly offline: string; readonly utc: string }
}

/** Texts around a verdict. */
export interface VerdictTexts {
  readonly words: Readonly<Record<VerdictOutcome, string>>
  readonly authenticity: Readonly<Record<'proven' | 'unproven' | 'refuted', string>>
  readonly judgedAt: string
  /** Says that sentences without a translation are in English; empty in English. */
  readonly english: string
  readonly why: string
  readonly remedies: string
  readonly by: Readonly<Record<Party, string>>
  readonly vouch: string
  readonly unproven: string
  readonly anchor: string
  readonly noAnchor: string
  readonly endorsements: string
  readonly product: string
  readonly tcb: string
  readonly noTcb: string
  readonly advisories: string
  readonly noAdvisories: string
  readonly measurement: string
  readonly signer: string
  readonly hostData: string
  readonly userData: string
  readonly hardwareId: string
  readonly evidence: string
  bytes(count: number): string
  zeros(count: number): string
  readonly checks: string
  readonly expandAll: string
  readonly collapseAll: string
  readonly outcomes: Readonly<Record<Outcome, string>>
  readonly counts: Readonly<
    Record<'passed' | 'failed' | 'open' | 'blocked' | 'waived' | 'notApplicable', (n: number) => string>
  >
  readonly expected: string
  readonly actual: string
  readonly source: string
  readonly restsOn: string
  readonly blockedBy: string
  readonly waive: string
  readonly unwaive: string
  readonly waived: string
  waiveHint(id: string): string
  readonly assumed: string
  readonly notes: string
  readonly wrappers: string
  readonly companions: string
  readonly unused: string
  readonly parts: string
  validity(from: string, until: string): string
}

/** Texts of the trust map. */
export interface MapTexts {
  readonly heading: string
  readonly lead: string
  readonly standings: Readonly<Record<Standing, string>>
  readonly standingHints: Readonly<Record<Standing, string>>
  readonly layers: Readonly<Record<LayerId, string>>
  readonly layerHints: Readonly<Record<LayerId, string>>
  readonly parties: Readonly<Record<PartyId, string>>
  readonly reasons: Readonly<Record<PartyReason, string>>
  readonly partiesHeading: string
  readonly anchorsHeading: string
  readonly anchorsHint: string
  readonly noAnchors: string
  falls(count: number): string
  readonly fallsNothing: string
  becomes(word: string): string
  readonly list: string
  readonly because: string
  /** Between two reasons. */
  readonly between: string
  readonly drawing: string
  readonly outside: string
  readonly tower: string
  readonly anchors: string
}
