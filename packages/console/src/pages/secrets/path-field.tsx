import type { JSX } from 'preact'
import { isPath, type SecretSummary } from './model.ts'
import type { SecretTexts } from './texts.ts'

/** Where something is to be kept, and what stands there already. */
export function PathField({
  path,
  kind,
  known,
  t,
  onPath,
}: {
  readonly path: string
  readonly kind: SecretSummary['kind']
  readonly known: readonly SecretSummary[]
  readonly t: SecretTexts
  readonly onPath: (path: string) => void
}): JSX.Element {
  const there = known.find((one) => one.path === path)
  const said =
    path === '' || isPath(path)
      ? there === undefined
        ? ''
        : there.kind === kind
          ? t.exists(there.version)
          : t.existsAs(there.kind)
      : t.form.pathWrong
  return (
    <>
      <label for="secret-path">{t.form.path}</label>
      <input
        id="secret-path"
        type="text"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        maxLength={386}
        required
        aria-describedby="secret-path-hint secret-path-said"
        value={path}
        onInput={(event) => onPath(event.currentTarget.value.trim())}
      />
      <p id="secret-path-hint" class="hint">
        {t.form.pathHint}
      </p>
      <p
        id="secret-path-said"
        class={there?.kind === kind ? 'caution small' : 'wrong'}
        aria-live="polite"
        hidden={said === ''}
      >
        {said}
      </p>
    </>
  )
}
