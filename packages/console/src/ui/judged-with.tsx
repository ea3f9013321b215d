import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Fault } from '../engine/messages.ts'
import { useTexts } from '../text/language.ts'
import { FetchEndorsements } from './fetch-endorsements.tsx'
import { readFiles } from './files.ts'
import { FileButton, Mark } from './parts.tsx'
import { faultIn, type Workbench, withAnchors } from './workbench.ts'

/** The time, endorsements and anchors that a verdict is made with. */
export function JudgedWith({ bench }: { readonly bench: Workbench }): JSX.Element {
  const t = useTexts()
  const { inputs, change } = bench
  return (
    <section class="panel" aria-labelledby="judged-with">
      <h2 id="judged-with">{t.judgedWith.heading}</h2>
      <h3>
        <label for="at">{t.judgedWith.time}</label>
      </h3>
      <p class="row">
        <input
          id="at"
          type="datetime-local"
          value={localText(inputs.at)}
          onChange={(event) => change({ at: momentOf(event.currentTarget.value) })}
        />
        {inputs.at === undefined ? (
          <span class="faint">{t.judgedWith.now}</span>
        ) : (
          <button type="button" class="button small" onClick={() => change({ at: undefined })}>
            {t.judgedWith.now}
          </button>
        )}
      </p>
      <p class="small faint">{t.judgedWith.timeHint}</p>
      <EndorsementList bench={bench} />
      <AnchorList bench={bench} />
    </section>
  )
}

function EndorsementList({ bench: { inputs, change, open, setFault } }: { bench: Workbench }): JSX.Element {
  const t = useTexts()
  const { endorsements, eventLog } = inputs
  const add = async (list: readonly File[]): Promise<void> => {
    const files = await readFiles(list, t)
    if ('code' in files) setFault(files)
    else await open({ files })
  }
  return (
    <>
      <h3>{t.judgedWith.endorsements}</h3>
      {endorsements.length === 0 ? <p class="small faint">{t.judgedWith.noEndorsements}</p> : null}
      <ul class="plain files">
        {endorsements.map((one) => (
          <li key={`${one.what} ${one.file.name}`}>
            <span class="file">
              {one.what}
              <span class="small faint"> {one.file.name}</span>
            </span>
            <Remove
              what={one.what}
              onClick={() => change({ endorsements: endorsements.filter((other) => other !== one) })}
            />
          </li>
        ))}
        {eventLog === undefined ? null : (
          <li>
            <span class="file">
              {t.judgedWith.eventLog}
              <span class="small faint"> {eventLog.name}</span>
            </span>
            <Remove what={t.judgedWith.eventLog} onClick={() => change({ eventLog: undefined })} />
          </li>
        )}
      </ul>
      <FileButton
        look="quiet"
        label={t.judgedWith.add}
        hint={t.judgedWith.addEndorsement}
        multiple
        onFiles={(list) => void add(list)}
      />
      <FetchEndorsements needs={inputs.evidence?.opened.needs ?? []} open={open} />
    </>
  )
}

function AnchorList({ bench: { inputs, change, engine } }: { bench: Workbench }): JSX.Element {
  const t = useTexts()
  const [fault, setFault] = useState<Fault>()
  const { anchors } = inputs
  const add = async (list: readonly File[]): Promise<void> => {
    const files = await readFiles(list, t)
    if ('code' in files) return setFault(files)
    try {
      const [file] = files
      if (file !== undefined) change({ anchors: withAnchors(anchors, await engine.ask('anchor', { file })) })
      setFault(undefined)
    } catch (error) {
      setFault(faultIn(error))
    }
  }
  return (
    <>
      <h3>{t.judgedWith.anchors}</h3>
      <ul class="plain files">
        <li>{t.judgedWith.vendorAnchors}</li>
        {anchors.map((one) => (
          <li key={one.spkiSha256}>
            <span class="file">
              {one.name} <Mark tone="emulated">{t.emulated}</Mark>
            </span>
            <Remove
              what={one.name}
              onClick={() => change({ anchors: anchors.filter(({ spkiSha256 }) => spkiSha256 !== one.spkiSha256) })}
            />
          </li>
        ))}
      </ul>
      <FileButton
        look="quiet"
        label={t.judgedWith.add}
        hint={t.judgedWith.addAnchor}
        onFiles={(list) => void add(list)}
      />
      {fault === undefined ? null : (
        <p class="caution" role="alert">
          {fault.message}
        </p>
      )}
    </>
  )
}

function Remove({ what, onClick }: { what: string; onClick: () => void }): JSX.Element {
  const t = useTexts()
  return (
    <button
      type="button"
      class="icon"
      aria-label={t.judgedWith.remove(what)}
      title={t.judgedWith.remove(what)}
      onClick={onClick}
    >
      <span aria-hidden="true">×</span>
    </button>
  )
}

/** A moment as `datetime-local` has it: in the reader's zone, to the minute. */
function localText(at: number | undefined): string {
  if (at === undefined) return ''
  const date = new Date(at)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`
}

function momentOf(text: string): number | undefined {
  const at = new Date(text).getTime()
  return Number.isNaN(at) ? undefined : at
}
