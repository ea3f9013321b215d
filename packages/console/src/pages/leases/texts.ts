/** Texts of the page of leases. */
export interface LeaseTexts {
  readonly lead: string
  readonly parts: Readonly<Record<'menu' | 'leases' | 'advisories' | 'forecast', string>>
  readonly live: Readonly<Record<'opening' | 'open' | 'waiting' | 'off', string>>
  readonly states: Readonly<Record<'live' | 'revoked' | 'expired', string>>
  readonly list: string
  readonly state: string
  readonly anyState: string
  readonly columns: Readonly<Record<'resource' | 'holder' | 'state' | 'until' | 'choose' | 'why' | 'id', string>>
  readonly nothingLive: string
  readonly nothing: string
  readonly nothingHow: string
  left(clock: string): string
  chooseOne(resource: string): string
  readonly chooseAll: string
  chosen(count: number): string
  readonly revoke: string
  readonly revokeChosen: string
  revokeTitle(count: number): string
  readonly revokeWhat: string
  readonly reason: string
  readonly reasonHint: string
  readonly revokeAct: string
  revoking(done: number, all: number): string
  revoked(count: number): string
  readonly back: string
  readonly notFound: string
  readonly detail: Readonly<
    Record<
      'granted' | 'until' | 'ended' | 'why' | 'platform' | 'hardware' | 'references' | 'appraisal' | 'decision' | 'id',
      string
    >
  >
  readonly history: string
  readonly historyColumns: Readonly<Record<'at' | 'what' | 'reason' | 'decision', string>>
  readonly happened: Readonly<Record<'released' | 'renewed' | 'refused' | 'revoked', string>>
  readonly historyNeeds: string
  readonly openDecision: string
  readonly reappraise: string
  readonly reappraiseWhat: string
  readonly reappraiseAct: string
  readonly reappraising: string
  looked(live: number, revoked: number): string
  ended(reason: string): string
  readonly advisory: Readonly<
    Record<
      | 'lead'
      | 'add'
      | 'list'
      | 'id'
      | 'vendor'
      | 'products'
      | 'allProducts'
      | 'below'
      | 'anyTcb'
      | 'published'
      | 'note'
      | 'nothing'
      | 'nothingHow'
      | 'affected'
      | 'lookUp'
      | 'lookUpHint'
      | 'lookUpAct'
      | 'idHint'
      | 'idWrong'
      | 'vendorHint'
      | 'productsHint'
      | 'levels'
      | 'levelsHint'
      | 'part'
      | 'level'
      | 'product'
      | 'addLevel'
      | 'removeLevel'
      | 'levelsWrong'
      | 'save'
      | 'saving'
      | 'policyHint'
      | 'back'
      | 'optional',
      string
    >
  >
  saved(id: string): string
  affectedBy(id: string): string
  /** Of those that it will concern. */
  affectedSoon(id: string): string
  notAffected(id: string): string
  readonly forecast: Readonly<
    Record<
      | 'lead'
      | 'levels'
      | 'levelsHint'
      | 'early'
      | 'policy'
      | 'policyHint'
      | 'current'
      | 'run'
      | 'running'
      | 'none'
      | 'list',
      string
    >
  >
  outcome(fails: number, all: number): string
  /** Of products that were named and that no live lease is on. */
  unmatched(names: string): string
}
