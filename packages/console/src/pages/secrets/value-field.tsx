import type { JSX, RefObject } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { toBase64 } from '../../ui/base64.ts'
import { MAX_VALUE } from './model.ts'
import type { SecretTexts } from './texts.ts'

/** A value that stands in a field of the form and nowhere else: what this page remembers is how long it is. */
export interface Value {
  readonly from: 'text' | 'file'
  readonly size: number
  readonly wrong: string
  readonly text: RefObject<HTMLTextAreaElement>
  readonly file: RefObject<HTMLInputElement>
  choose(from: 'text' | 'file'): void
  changed(): void
  /** The value in base64, to be sent; undefined when there is none that is kept, which the field then says. */
  take(): Promise<string | undefined>
  /** Empties the fields. */
  clear(): void
}

const MOST = '1 MiB'

/** The state of {@link ValueField}. */
export function useValue(t: SecretTexts): Value {
  const [from, setFrom] = useState<'text' | 'file'>('text')
  const [size, setSize] = useState(0)
  const [wrong, setWrong] = useState('')
  const text = useRef<HTMLTextAreaElement>(null)
  const file = useRef<HTMLInputElement>(null)
  const clear = (): void => {
    if (text.current !== null) text.current.value = ''
    if (file.current !== null) file.current.value = ''
    setSize(0)
  }
  const length = (): number =>
    from === 'text' ? new TextEncoder().encode(text.current?.value ?? '').length : (file.current?.files?.[0]?.size ?? 0)
  return {
    from,
    size,
    wrong,
    text,
    file,
    clear,
    choose(next) {
      clear()
      setWrong('')
      setFrom(next)
    },
    changed() {
      const now = length()
      setSize(now)
      setWrong(now > MAX_VALUE ? t.tooLong(MOST) : '')
    },
    async take() {
      const now = length()
      const problem = now === 0 ? t.form.empty : now > MAX_VALUE ? t.tooLong(MOST) : ''
      setWrong(problem)
      if (problem !== '') return undefined
      const bytes =
        from === 'text'
          ? new TextEncoder().encode(text.current?.value ?? '')
          : new Uint8Array((await file.current?.files?.[0]?.arrayBuffer()) ?? new ArrayBuffer(0))
      const base64 = toBase64(bytes)
      bytes.fill(0)
      return base64
    },
  }
}

/** Where the value is typed or chosen. */
export function ValueField({ value, t }: { readonly value: Value; readonly t: SecretTexts }): JSX.Element {
  const [shown, setShown] = useState(false)
  return (
    <fieldset>
      <legend>{t.form.value}</legend>
      <div class="row">
        <From value={value} from="text" name={t.form.fromText} />
        <From value={value} from="file" name={t.form.fromFile} />
      </div>
      {value.from === 'text' ? (
        <>
          <textarea
            ref={value.text}
            class={shown ? '' : 'masked'}
            rows={4}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            aria-label={t.form.text}
            aria-describedby="value-said"
            onInput={value.changed}
          />
          <label class="choice small">
            <input type="checkbox" checked={shown} onChange={(event) => setShown(event.currentTarget.checked)} />
            {t.form.show}
          </label>
        </>
      ) : (
        <input
          ref={value.file}
          type="file"
          aria-label={t.form.file}
          aria-describedby="value-said"
          onChange={value.changed}
        />
      )}
      <p id="value-said" class={value.wrong === '' ? 'hint' : 'wrong'} aria-live="polite">
        {value.wrong === ''
          ? `${t.size(value.size, MOST)}${value.from === 'text' ? ` · ${t.form.asTyped}` : ''}`
          : value.wrong}
      </p>
    </fieldset>
  )
}

function From({
  value,
  from,
  name,
}: {
  readonly value: Value
  readonly from: 'text' | 'file'
  readonly name: string
}): JSX.Element {
  return (
    <label class="choice">
      <input type="radio" name="value-from" checked={value.from === from} onChange={() => value.choose(from)} />
      {name}
    </label>
  )
}
