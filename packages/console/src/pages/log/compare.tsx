import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Api } from '../../api/client.ts'
import { type ConsistencyStep, type Proof, proveConsistency } from '../../log/consistency.ts'
import { type Checkpoint, openCheckpoint, ProofError, type VerifierKey } from '../../log/note.ts'
import { tileReaderOf } from '../../log/reader.ts'
import type { Step } from '../../log/steps.ts'
import { useLanguage } from '../../text/language.ts'
import { useAction } from '../../ui/action.ts'
import { Snippet } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { ProofView } from '../../ui/proof-view.tsx'
import { Panel } from '../../ui/verdict-view.tsx'
import { LOG } from './texts.ts'

/** Compares any two checkpoints: seen by the page, or kept by the reader. */
export function Compare({
  api,
  verifier,
  seen,
}: {
  readonly api: Api
  readonly verifier: VerifierKey | undefined
  readonly seen: readonly Checkpoint[]
}): JSX.Element {
  const t = LOG[useLanguage()].compare
  const [earlier, setEarlier] = useState('')
  const [later, setLater] = useState('')
  const [pasted, setPasted] = useState('')
  const [result, setResult] = useState<Compared>()
  const { busy, error, run } = useAction()
  const notes = [noteOf(earlier, pasted, seen), noteOf(later, pasted, seen)] as const
  const [first, second] = notes
  const compare = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (verifier === undefined || first === undefined || second === undefined) return
    setResult(undefined)
    await run(async () => setResult(await comparison(api, verifier, first, second)))
  }
  // What another key or other checkpoints came to is no answer here.
  const isAnswer = (one: Compared): boolean =>
    one.verifier === verifier && one.notes[0] === first && one.notes[1] === second
  const choice = (value: string, onChoose: (value: string) => void, name: string): JSX.Element => (
    <label class="row small">
      {name}
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        <option value="">{t.choose}</option>
        {seen.map(({ note, size }, i) => (
          <option key={note} value={String(i)}>
            {t.option(size)}
          </option>
        ))}
        {pasted.trim() === '' ? null : <option value={PASTED}>{t.pasted}</option>}
      </select>
    </label>
  )
  return (
    <Panel title={t.heading}>
      <p class="faint small">{t.lead}</p>
      <form class="form" onSubmit={(event) => void compare(event)}>
        <label for="kept-checkpoint">{t.label}</label>
        <textarea
          id="kept-checkpoint"
          rows={4}
          spellcheck={false}
          autocomplete="off"
          maxLength={100_000}
          aria-describedby="kept-checkpoint-hint"
          value={pasted}
          onInput={(event) => {
            setPasted(event.currentTarget.value)
            // What is pasted is what was kept: the older of the two.
            if (earlier === '') setEarlier(PASTED)
            if (later === '' && seen.length > 0) setLater(String(seen.length - 1))
          }}
        />
        <p id="kept-checkpoint-hint" class="faint small">
          {t.hint}
        </p>
        <div class="row">
          {choice(earlier, setEarlier, t.earlier)}
          {choice(later, setLater, t.later)}
          <button
            type="submit"
            class="button"
            disabled={busy || verifier === undefined || first === undefined || second === undefined}
          >
            {busy ? t.busy : t.action}
          </button>
        </div>
      </form>
      {error === undefined ? null : <Problem error={error} />}
      {result === undefined || !isAnswer(result) ? null : (
        <ProofView proven={result.proven} steps={result.steps} claim={t.claim(result.first, result.second)} />
      )}
      <Snippet
        kind="commandLine"
        text={'sekisho log export log\nsekisho log verify log --key log.key --since checkpoint.txt'}
      />
    </Panel>
  )
}

const PASTED = 'pasted'

function noteOf(choice: string, pasted: string, seen: readonly Checkpoint[]): string | undefined {
  if (choice === PASTED) return pasted.trim() === '' ? undefined : withEnd(pasted)
  return choice === '' ? undefined : seen[Number(choice)]?.note
}

/** Text that was copied has often lost the end of its last line, and on some systems has others. */
function withEnd(text: string): string {
  return `${text.replace(/\r\n/g, '\n').trim()}\n`
}

interface Compared {
  readonly verifier: VerifierKey
  readonly notes: readonly [first: string, second: string]
  readonly proven: boolean
  readonly steps: readonly Step<'signature' | ConsistencyStep>[]
  readonly first: number
  readonly second: number
}

async function comparison(api: Api, verifier: VerifierKey, first: string, second: string): Promise<Compared> {
  const asked = { verifier, notes: [first, second] } as const
  try {
    const [earlier, later] = [await openCheckpoint(first, verifier), await openCheckpoint(second, verifier)]
    const { proven, steps }: Proof<ConsistencyStep> = await proveConsistency(tileReaderOf(api), earlier, later)
    return {
      ...asked,
      proven,
      steps: [{ id: 'signature', outcome: 'pass' }, ...steps],
      first: earlier.size,
      second: later.size,
    }
  } catch (error) {
    if (!(error instanceof ProofError)) throw error
    const failed = { id: 'signature', outcome: 'fail', fault: error.code, detail: error.message } as const
    const rest = (['grown', 'tiles', 'consistent'] as const).map((id) => ({ id, outcome: 'unchecked' }) as const)
    return { ...asked, proven: false, steps: [failed, ...rest], first: 0, second: 0 }
  }
}
