import type { JSX } from 'preact'
import { useLoad } from '../../ui/load.tsx'
import { CopyButton } from '../../ui/page-parts.tsx'
import { pemOf } from './public-key.ts'
import type { SecretTexts } from './texts.ts'

/** The public part of a key, to give to others. */
export function PublicKey({
  jwk,
  t,
}: {
  readonly jwk: Readonly<Record<string, unknown>> | undefined
  readonly t: SecretTexts
}): JSX.Element {
  const text = jwk === undefined ? '' : JSON.stringify(jwk, undefined, 2)
  const { value: pem } = useLoad(async () => (jwk === undefined ? undefined : pemOf(jwk)), [text])
  return (
    <section class="panel">
      <div class="row between">
        <h2>{t.publicKey}</h2>
        {jwk === undefined ? null : (
          <p class="row">
            {pem === undefined ? null : <CopyButton text={pem} label={t.copyPem} />}
            <CopyButton text={text} label={t.copyJwk} />
          </p>
        )}
      </div>
      {jwk === undefined ? (
        <p class="faint">{t.noPublic}</p>
      ) : (
        <pre class="block jwk">
          <code>{text}</code>
        </pre>
      )}
    </section>
  )
}
