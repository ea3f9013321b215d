import type { Scope } from './model.ts'

/** Texts of the page of access. */
export interface AccessTexts {
  readonly parts: Readonly<Record<'menu' | 'tokens' | 'machines' | 'namespaces' | 'you', string>>
  readonly tokens: Readonly<
    Record<
      | 'lead'
      | 'create'
      | 'list'
      | 'of'
      | 'here'
      | 'everywhere'
      | 'ended'
      | 'nothing'
      | 'nothingHow'
      | 'name'
      | 'scopes'
      | 'namespace'
      | 'created'
      | 'expires'
      | 'lastUsed'
      | 'never'
      | 'state'
      | 'acts'
      | 'revoke'
      | 'own'
      | 'revokeWhat'
      | 'revokeOwn'
      | 'revokeAct',
      string
    >
  >
  readonly states: Readonly<Record<'live' | 'revoked' | 'expired', string>>
  revokeTitle(name: string): string
  revokeOf(name: string): string
  revoked(name: string): string
  readonly form: Readonly<
    Record<
      | 'name'
      | 'nameHint'
      | 'where'
      | 'what'
      | 'everything'
      | 'some'
      | 'reading'
      | 'life'
      | 'until'
      | 'untilWrong'
      | 'own'
      | 'create'
      | 'creating',
      string
    >
  >
  days(days: number): string
  readonly scopes: Readonly<Record<Scope, string>>
  readonly shown: Readonly<Record<'title' | 'once' | 'how' | 'token' | 'kept', string>>
  made(name: string): string
  readonly machines: Readonly<
    Record<
      | 'lead'
      | 'list'
      | 'key'
      | 'tpm'
      | 'enrolled'
      | 'state'
      | 'acts'
      | 'nothing'
      | 'nothingHow'
      | 'revoke'
      | 'readmit'
      | 'live'
      | 'revoked'
      | 'by'
      | 'revokeTitle'
      | 'revokeWhat'
      | 'revokeAct'
      | 'readmitTitle'
      | 'readmitWhat'
      | 'readmitAct',
      string
    >
  >
  tpmRevoked(keys: number, leases: number): string
  readonly readmitted: string
  readonly namespaces: Readonly<
    Record<'lead' | 'list' | 'yours' | 'create' | 'name' | 'hint' | 'wrong' | 'save' | 'open', string>
  >
  /** What came of making one; `created` is false for one that exists already. */
  namespaceMade(name: string, created: boolean): string
  readonly you: Readonly<
    Record<'lead' | 'actor' | 'kind' | 'token' | 'oidc' | 'may' | 'everywhere' | 'session' | 'sessionNote', string>
  >
  inNamespace(name: string): string
}
