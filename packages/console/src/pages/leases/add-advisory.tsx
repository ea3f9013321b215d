import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { SHELL } from '../../text/shell.ts'
import { useAction } from '../../ui/action.ts'
import { Dialog, Snippet } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Levels, NO_LEVEL } from './levels.tsx'
import { type Advisory, type LevelRow, levelsOf, piped } from './model.ts'
import { LEASES } from './words.ts'

const ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/
const VENDORS: readonly string[] = ['amd', 'arm', 'aws', 'ibm', 'intel', 'nvidia']

/** Makes an advisory known: policies see it at once, and live leases are looked at again. */
export function AddAdvisory({
  page: { api, namespace },
  onDone,
  onClose,
}: {
  readonly page: PageProps
  readonly onDone: (told: string) => void
  readonly onClose: () => void
}): JSX.Element {
  const language = useLanguage()
  const { advisory: t, ...texts } = LEASES[language]
  const [about, setAbout] = useState({ id: '', vendor: '', products: '', note: '' })
  const [published, setPublished] = useState(new Date().toISOString().slice(0, 10))
  const [rows, setRows] = useState<readonly LevelRow[]>([NO_LEVEL])
  const adding = useAction()
  const tcb = levelsOf(rows)
  const advisory = advisoryOf(about, published, tcb ?? {})
  const idWrong = about.id !== '' && !ID.test(about.id)
  const ready = ID.test(about.id) && about.vendor !== '' && published !== '' && tcb !== undefined
  const set = (some: Partial<typeof about>): void => setAbout((before) => ({ ...before, ...some }))
  const submit = (event: Event): void => {
    event.preventDefault()
    if (!ready) return
    void adding.run(async () => {
      const { live, revoked } = await api.send<{ live: number; revoked: number }>(
        'POST',
        `/namespaces/${namespace}/advisories`,
        { json: advisory },
      )
      onDone(`${texts.saved(advisory.id)} ${texts.looked(live, revoked)}`)
    })
  }
  return (
    <Dialog title={t.add} onClose={onClose}>
      <form class="form" onSubmit={submit}>
        <Line id="advisory-id" name={t.id} hint={idWrong ? t.idWrong : t.idHint} wrong={idWrong}>
          <TextInput id="advisory-id" most={64} value={about.id} onValue={(id) => set({ id: id.trim() })} />
        </Line>
        <Line id="advisory-vendor" name={t.vendor} hint={t.vendorHint}>
          <TextInput
            id="advisory-vendor"
            most={32}
            list="advisory-vendors"
            value={about.vendor}
            onValue={(vendor) => set({ vendor: vendor.trim().toLowerCase() })}
          />
          <datalist id="advisory-vendors">
            {VENDORS.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </Line>
        <Line id="advisory-products" name={`${t.products} (${t.optional})`} hint={t.productsHint}>
          <TextInput
            id="advisory-products"
            most={1024}
            value={about.products}
            onValue={(products) => set({ products })}
          />
        </Line>
        <fieldset>
          <legend>
            {t.levels} ({t.optional})
          </legend>
          <Levels rows={rows} onRows={setRows} />
          <p class={tcb === undefined ? 'wrong' : 'hint'} aria-live="polite">
            {tcb === undefined ? t.levelsWrong : t.levelsHint}
          </p>
        </fieldset>
        <label for="advisory-published">{t.published}</label>
        <input
          id="advisory-published"
          type="date"
          required
          value={published}
          onInput={(event) => setPublished(event.currentTarget.value)}
        />
        <label for="advisory-note">
          {t.note} ({t.optional})
        </label>
        <textarea
          id="advisory-note"
          rows={2}
          maxLength={4096}
          value={about.note}
          onInput={(event) => set({ note: event.currentTarget.value })}
        />
        {adding.error === undefined ? null : <Problem error={adding.error} />}
        <p class="row end">
          <span class="faint small" role="status">
            {adding.busy ? t.saving : ''}
          </span>
          <button type="button" class="button" onClick={onClose}>
            {SHELL[language].cancel}
          </button>
          <button type="submit" class="button primary" disabled={adding.busy || !ready}>
            {t.save}
          </button>
        </p>
        <Snippet kind="commandLine" text={piped(advisory, `sekisho advisory put --namespace ${namespace}`)} />
      </form>
    </Dialog>
  )
}

function advisoryOf(
  { id, vendor, products, note }: Readonly<Record<'id' | 'vendor' | 'products' | 'note', string>>,
  published: string,
  tcb: Readonly<Record<string, number>>,
): Advisory {
  const names = products
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  return {
    id,
    vendor,
    published,
    ...(names.length === 0 ? {} : { products: names }),
    ...(Object.keys(tcb).length === 0 ? {} : { tcb }),
    ...(note.trim() === '' ? {} : { note: note.trim() }),
  }
}

function Line({
  id,
  name,
  hint,
  wrong = false,
  children,
}: {
  readonly id: string
  readonly name: string
  readonly hint: string
  readonly wrong?: boolean
  readonly children: ComponentChildren
}): JSX.Element {
  return (
    <>
      <label for={id}>{name}</label>
      {children}
      <p id={`${id}-hint`} class={wrong ? 'wrong' : 'hint'} aria-live="polite">
        {hint}
      </p>
    </>
  )
}

function TextInput({
  id,
  most,
  list,
  value,
  onValue,
}: {
  readonly id: string
  readonly most: number
  readonly list?: string
  readonly value: string
  readonly onValue: (value: string) => void
}): JSX.Element {
  return (
    <input
      id={id}
      type="text"
      autocomplete="off"
      spellcheck={false}
      maxLength={most}
      aria-describedby={`${id}-hint`}
      {...(list === undefined ? {} : { list })}
      value={value}
      onInput={(event) => onValue(event.currentTarget.value)}
    />
  )
}
