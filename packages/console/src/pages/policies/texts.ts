type Names<K extends string> = Readonly<Record<K, string>>

/** Texts of the page. */
export interface PoliciesTexts {
  readonly lead: string
  needs(scope: string): string
  inForce(version: number): string
  readonly none: string
  readonly noneHow: string
  readonly tabs: Names<'label' | 'edit' | 'tests' | 'versions'>
  readonly editor: Names<
    | 'heading'
    | 'label'
    | 'keys'
    | 'loading'
    | 'failed'
    | 'changed'
    | 'unchanged'
    | 'discard'
    | 'review'
    | 'reviewHint'
    | 'faultsFirst'
    | 'readOnly'
    | 'untried'
  >
  readonly starters: Names<'heading' | 'lead' | 'choose' | 'put' | 'replaceTitle' | 'replace' | 'replaceAction'>
  readonly findings: Names<'heading' | 'checking' | 'empty' | 'fine' | 'warnings' | 'error' | 'warning' | 'hint'> & {
    faults(count: number): string
    line(line: number): string
  }
  readonly meanwhile: Names<'compare' | 'keep' | 'take'> & {
    heading(version: number, by: string): string
    lead(version: number): string
  }
  readonly review: Names<
    'back' | 'textHeading' | 'note' | 'noteHint' | 'put' | 'putting' | 'mustKnow' | 'unsure' | 'nothingNew'
  > & {
    heading(version: number): string
    done(version: number, live: number, revoked: number): string
  }
  readonly effect: Names<
    | 'history'
    | 'asking'
    | 'noHistory'
    | 'same'
    | 'refused'
    | 'permitted'
    | 'leases'
    | 'noLeases'
    | 'allStay'
    | 'nothingPermits'
    | 'more'
    | 'waitLeases'
  > & {
    counted(total: number, refused: number, permitted: number): string
    falling(count: number, of: number): string
    by(ids: string): string
  }
  readonly columns: Names<'decision' | 'at' | 'action' | 'resource' | 'why' | 'lease' | 'expires' | 'region'>
  readonly actions: Names<'release' | 'renew'>
  readonly diff: Names<'label' | 'gone' | 'new' | 'same' | 'skipped'> & {
    counted(gone: number, added: number): string
  }
  readonly tests: Names<
    | 'heading'
    | 'lead'
    | 'label'
    | 'file'
    | 'example'
    | 'run'
    | 'running'
    | 'download'
    | 'notJson'
    | 'results'
    | 'pass'
    | 'fail'
    | 'permitted'
    | 'refused'
    | 'untried'
    | 'untriedNone'
    | 'stale'
    | 'tooLarge'
  > & {
    counted(passed: number, of: number): string
    expected(what: string): string
    statement(effect: string, id: string): string
  }
  readonly versions: Names<
    | 'heading'
    | 'version'
    | 'when'
    | 'who'
    | 'note'
    | 'what'
    | 'active'
    | 'compare'
    | 'from'
    | 'to'
    | 'open'
    | 'rollBack'
    | 'empty'
    | 'diffHeading'
    | 'equal'
    | 'region'
  > & {
    number(version: number): string
    actions(version: number): string
    rollTitle(version: number): string
    rollAction(version: number): string
  }
}
