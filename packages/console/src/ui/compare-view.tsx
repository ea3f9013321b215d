import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { type Fault, WHOLE } from '../engine/messages.ts'
import { useTexts } from '../text/language.ts'
import { differencesOf } from './differences.ts'
import { shortText } from './fields-view.tsx'
import { readFiles } from './files.ts'
import { FaultBox, FileButton } from './parts.tsx'
import { useTurns } from './turns.ts'
import { faultIn, type OpenFile, type Workbench } from './workbench.ts'

const MAX_SHOWN = 300

/** Two pieces of evidence, field by field. */
export function CompareView({ bench, a }: { readonly bench: Workbench; readonly a: OpenFile }): JSX.Element {
  const t = useTexts()
  const [b, setB] = useState<OpenFile>()
  const [fault, setFault] = useState<Fault>()
  const begin = useTurns()
  const choose = async (list: readonly File[]): Promise<void> => {
    const isLast = begin()
    const files = await readFiles(list.slice(0, 1), t)
    if (!isLast()) return
    if ('code' in files) return setFault(files)
    const [file] = files
    if (file === undefined) return
    try {
      const place = await bench.engine.ask('place', { file, part: a.opened.part === WHOLE ? WHOLE : 0 })
      if (!isLast()) return
      if (place.as === 'evidence') {
        setB({ file, opened: place.opened })
        setFault(undefined)
      } else setFault({ message: t.compare.notEvidence, code: place.as })
    } catch (error) {
      if (isLast()) setFault(faultIn(error))
    }
  }
  return (
    <section class="panel" aria-labelledby="compare">
      <h2 id="compare">{t.compare.heading}</h2>
      <p class="faint">{t.compare.lead}</p>
      <p>
        <FileButton
          look={b === undefined ? 'primary' : 'quiet'}
          label={b === undefined ? t.compare.pick : t.compare.again}
          onFiles={(list) => void choose(list)}
        />
      </p>
      {fault === undefined ? null : (
        <FaultBox
          code={fault.code}
          text={fault.code === 'time' ? t.fault.time : fault.message}
          onDismiss={() => setFault(undefined)}
        />
      )}
      {b === undefined ? null : <Differences a={a} b={b} />}
    </section>
  )
}

function Differences({ a, b }: { a: OpenFile; b: OpenFile }): JSX.Element {
  const t = useTexts().compare
  const { differences, equal } = differencesOf(a.opened.fields, b.opened.fields)
  return (
    <>
      <p class="row">
        <span>
          <strong>A</strong> {a.opened.form} <span class="faint">{a.file.name}</span>
        </span>
        <span>
          <strong>B</strong> {b.opened.form} <span class="faint">{b.file.name}</span>
        </span>
      </p>
      {a.opened.tee === b.opened.tee ? null : <p class="caution">{t.otherTee}</p>}
      <p role="status">
        <strong>{differences.length === 0 ? t.nothing : t.result(differences.length, equal)}</strong>
      </p>
      {differences.length === 0 ? null : (
        <div class="scroll">
          <table class="compare">
            <thead>
              <tr>
                <th scope="col">{t.field}</th>
                <th scope="col">A</th>
                <th scope="col">B</th>
              </tr>
            </thead>
            <tbody>
              {differences.slice(0, MAX_SHOWN).map((one) => (
                <tr key={one.path}>
                  <th scope="row">{one.path}</th>
                  <Side value={one.a} other={one.b} absent={t.absent} />
                  <Side value={one.b} other={one.a} absent={t.absent} />
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  )
}

function Side({
  value,
  other,
  absent,
}: {
  value: string | undefined
  other: string | undefined
  absent: string
}): JSX.Element {
  if (value === undefined) return <td class="faint">{absent}</td>
  if (other === undefined || other.length !== value.length || value.length < 8) return <td>{shortText(value, 200)}</td>
  const pairs = value.slice(0, 200).match(/.{1,2}/g) ?? []
  return (
    <td>{pairs.map((pair, i) => (other.slice(i * 2, i * 2 + 2) === pair ? pair : <mark key={i * 2}>{pair}</mark>))}</td>
  )
}
