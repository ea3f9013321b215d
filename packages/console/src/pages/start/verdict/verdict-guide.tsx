import type { JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Judged } from '../../../engine/messages.ts'
import { useLanguage, useTexts } from '../../../text/language.ts'
import { BenchNotices, wordsOf } from '../../../ui/bench-notices.tsx'
import { useIntake } from '../../../ui/intake.ts'
import { FaultBox, Mark, OutcomeSign } from '../../../ui/parts.tsx'
import { Ways } from '../../../ui/welcome.tsx'
import type { OpenFile, Workbench } from '../../../ui/workbench.ts'
import { START } from '../texts.ts'
import { ChapterView } from './chapter-view.tsx'
import { CHAPTERS, type ChapterId, chaptersOf } from './chapters.ts'

/** The second guide: six questions to ask of evidence. It needs no sign-in, and sends nothing anywhere. */
export function VerdictGuide({ bench }: { readonly bench: Workbench }): JSX.Element {
  const t = useTexts()
  const g = START[useLanguage()].verdict
  const [over, setOver] = useState(false)
  const intake = useIntake(bench, setOver)
  const { inputs, judged, verdictFault } = bench
  return (
    <div class={over ? 'over' : ''}>
      <p class="guide-lead">{g.lead}</p>
      <BenchNotices bench={bench} />
      {verdictFault === undefined ? null : <FaultBox code={verdictFault.code} text={wordsOf(verdictFault, t)} />}
      {inputs.evidence === undefined ? (
        <div class="welcome bring">
          <h2>{g.pick}</h2>
          <Ways
            onFiles={(list) => void intake.files(list)}
            onText={(words) => void intake.text(words)}
            onExample={(name) => void intake.example(name)}
          />
        </div>
      ) : judged === undefined ? null : (
        <Walk key={inputs.evidence.file.name} bench={bench} evidence={inputs.evidence} judged={judged} />
      )}
    </div>
  )
}

function Walk({
  bench,
  evidence,
  judged,
}: {
  readonly bench: Workbench
  readonly evidence: OpenFile
  readonly judged: Judged
}): JSX.Element {
  const t = useTexts()
  const g = START[useLanguage()].verdict
  const [at, setAt] = useState<ChapterId>('what')
  const chapters = chaptersOf(judged.verdict)
  const chapter = chapters.find(({ id }) => id === at)
  const heading = useRef<HTMLHeadingElement>(null)
  const turned = useRef(false)
  const turn = (to: ChapterId): void => {
    turned.current = true
    setAt(to)
  }
  useLayoutEffect(() => {
    // What was opened is read from its beginning; a screen reader goes on at the question.
    if (turned.current) heading.current?.focus()
    turned.current = false
  }, [at])
  const { outcome } = judged.verdict
  return (
    <>
      <div class="file-line">
        <p>
          <strong>{evidence.opened.form}</strong> <span class="faint">{evidence.file.name}</span>{' '}
          <Mark tone={outcome}>{t.verdict.words[outcome]}</Mark>
        </p>
        <button type="button" class="button" onClick={() => bench.close()}>
          {g.another}
        </button>
      </div>
      <div class="walk">
        <nav aria-label={g.chaptersLabel}>
          <ol class="chapters">
            {chapters.map(({ id, standing }) => (
              <li key={id}>
                <button type="button" aria-current={id === at ? 'step' : undefined} onClick={() => turn(id)}>
                  <OutcomeSign outcome={standing} />
                  <span>{g.chapters[id].title}</span>
                </button>
              </li>
            ))}
          </ol>
        </nav>
        <section class="panel chapter" aria-labelledby="chapter">
          <p class="small faint">{g.position(CHAPTERS.indexOf(at) + 1, CHAPTERS.length)}</p>
          <h2 id="chapter" ref={heading} tabIndex={-1}>
            {g.chapters[at].title}
          </h2>
          {chapter === undefined ? null : <ChapterView chapter={chapter} evidence={evidence} judged={judged} />}
          <Turning at={at} onTurn={turn} />
        </section>
      </div>
    </>
  )
}

function Turning({ at, onTurn }: { readonly at: ChapterId; readonly onTurn: (to: ChapterId) => void }): JSX.Element {
  const g = START[useLanguage()].verdict
  const place = CHAPTERS.indexOf(at)
  const [before, after] = [CHAPTERS[place - 1], CHAPTERS[place + 1]]
  return (
    <div class="row between turning">
      {before === undefined ? (
        <span />
      ) : (
        <button type="button" class="button" onClick={() => onTurn(before)}>
          {g.back}
        </button>
      )}
      {after === undefined ? (
        <a class="button primary" href="#/">
          {g.workbench}
        </a>
      ) : (
        <button type="button" class="button primary" onClick={() => onTurn(after)}>
          {g.next}
        </button>
      )}
    </div>
  )
}
