import type { JSX } from 'preact'
import { useLanguage } from '../../text/language.ts'
import { REFERENCES } from './languages.ts'

/** What is said of a set beside its values. */
export interface AboutSet {
  readonly name: string
  readonly owner: string
  /** As the control has it: local time, no zone; empty for no end. */
  readonly expires: string
}

/** The members of a set that an expiry and an owner are; an empty one is left out. */
export function aboutMembers({ owner, expires }: AboutSet): { readonly owner?: string; readonly expires?: string } {
  const at = new Date(expires)
  return {
    ...(owner.trim() === '' ? {} : { owner: owner.trim() }),
    ...(Number.isNaN(at.getTime()) ? {} : { expires: at.toISOString() }),
  }
}

/** A time as the control for local times takes it. */
export function localTime(iso: string | undefined): string {
  const at = new Date(iso ?? '')
  if (Number.isNaN(at.getTime())) return ''
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** Name, owner and expiry, to edit. */
export function AboutFields({
  about,
  fixedName = false,
  onChange,
}: {
  readonly about: AboutSet
  /** True for a set that is there already. */
  readonly fixedName?: boolean
  readonly onChange: (change: Partial<AboutSet>) => void
}): JSX.Element {
  const t = REFERENCES[useLanguage()].form
  return (
    <div class="form fields">
      {fixedName ? null : (
        <>
          <label for="set-name">{t.name}</label>
          <input
            id="set-name"
            type="text"
            required
            maxLength={64}
            autocomplete="off"
            spellcheck={false}
            aria-describedby="set-name-hint"
            value={about.name}
            onInput={(event) => onChange({ name: event.currentTarget.value })}
          />
          <p id="set-name-hint" class="small faint">
            {t.nameHint}
          </p>
        </>
      )}
      <label for="set-owner">{t.owner}</label>
      <input
        id="set-owner"
        type="text"
        maxLength={256}
        aria-describedby="set-owner-hint"
        value={about.owner}
        onInput={(event) => onChange({ owner: event.currentTarget.value })}
      />
      <p id="set-owner-hint" class="small faint">
        {t.ownerHint}
      </p>
      <label for="set-expires">{t.expires}</label>
      <input
        id="set-expires"
        type="datetime-local"
        aria-describedby="set-expires-hint"
        value={about.expires}
        onInput={(event) => onChange({ expires: event.currentTarget.value })}
      />
      <p id="set-expires-hint" class="small faint">
        {t.expiresHint}
      </p>
    </div>
  )
}
