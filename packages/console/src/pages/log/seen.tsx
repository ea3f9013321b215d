import type { JSX } from 'preact'
import { toBase64 } from '../../log/bytes.ts'
import type { Sighting } from '../../log/watch.ts'
import { useLanguage } from '../../text/language.ts'
import { PROOF } from '../../text/proof.ts'
import { CopyButton } from '../../ui/page-parts.tsx'
import { Mark, Moment } from '../../ui/parts.tsx'
import { Panel } from '../../ui/verdict-view.tsx'
import { LOG } from './texts.ts'
import type { Watching } from './use-log.ts'

/** Every checkpoint that the page was shown on this visit, the newest first; what does not fit cannot be overlooked. */
export function Seen({ log }: { readonly log: Watching }): JSX.Element {
  const language = useLanguage()
  const t = LOG[language]
  const wrong = log.sightings.filter(isWrong)
  // What another key signed says nothing about this log having been altered.
  const other = wrong.every(({ fault }) => fault?.code === 'not-signed')
  return (
    <>
      {wrong.length === 0 ? null : (
        <div class="proof proof-refuted log-alarm" role="alert">
          <h2 class="proof-word">
            <span aria-hidden="true">✕ </span>
            {other ? t.alarm.otherKey : t.alarm.heading}
          </h2>
          <p>
            <strong>{wrong[0]?.fault === undefined ? '' : PROOF[language].faults[wrong[0].fault.code]}</strong>
          </p>
          <p>{other ? t.alarm.otherText : t.alarm.text}</p>
        </div>
      )}
      <Panel title={t.seen.heading}>
        <p class="faint small">{t.seen.lead}</p>
        {log.sightings.length === 0 ? (
          <p class="loading" role="status">
            {t.seen.looking}
          </p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is moved with the keys
          <section class="seen" tabIndex={0} aria-label={t.seen.scroll}>
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">{t.seen.when}</th>
                  <th scope="col">{t.seen.size}</th>
                  <th scope="col">{t.seen.result}</th>
                  <th scope="col">{t.seen.root}</th>
                </tr>
              </thead>
              <tbody>
                {log.sightings.toReversed().map((one) => (
                  <Line key={`${one.seen}${one.note}`} sighting={one} />
                ))}
              </tbody>
            </table>
          </section>
        )}
        <p class="row">
          <button type="button" class="button" disabled={log.busy} onClick={log.look}>
            {t.seen.look}
          </button>
        </p>
      </Panel>
    </>
  )
}

function isWrong({ checkpoint, continues }: Sighting): boolean {
  return checkpoint === undefined || continues === false
}

function Line({ sighting }: { readonly sighting: Sighting }): JSX.Element {
  const t = LOG[useLanguage()].seen
  const { seen, checkpoint, continues, fault, note } = sighting
  const word = checkpoint === undefined ? t.bad : continues === undefined ? t.first : continues ? t.continues : t.not
  return (
    <tr>
      <td>
        <Moment iso={new Date(seen).toISOString()} seconds />
      </td>
      <td class="figure">{checkpoint?.size ?? '–'}</td>
      <td class="seen-result">
        <Mark tone={isWrong(sighting) ? 'fail' : 'pass'}>{word}</Mark>
        {fault === undefined ? null : (
          <div class="small">
            <code>{fault.detail}</code> <CopyButton text={note} />
          </div>
        )}
      </td>
      <td>
        {checkpoint === undefined ? (
          '–'
        ) : (
          <code title={toBase64(checkpoint.root)}>{toBase64(checkpoint.root).slice(0, 16)}…</code>
        )}
      </td>
    </tr>
  )
}
