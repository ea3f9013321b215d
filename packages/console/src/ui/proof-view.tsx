import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { JsonRecord } from '../engine/json.ts'
import { ProofError, readVerifierKey, type VerifierKey } from '../log/note.ts'
import type { Step } from '../log/steps.ts'
import { useLanguage } from '../text/language.ts'
import { PROOF, type StepName } from '../text/proof.ts'
import { Mark, Moment, OutcomeSign } from './parts.tsx'
import './proof-view.css'

/** What a proof came to: the word first, then every step of it, and what failed in plain words. */
export function ProofView({
  proven,
  steps,
  claim,
  level = 3,
}: {
  readonly proven: boolean
  readonly steps: readonly Step<StepName>[]
  /** What is proven or refuted, in one sentence. */
  readonly claim?: string
  readonly level?: 3 | 4
}): JSX.Element {
  const t = PROOF[useLanguage()]
  const failed = steps.find(({ outcome }) => outcome === 'fail')
  const Word = `h${level}` as const
  return (
    <div class={`proof proof-${proven ? 'proven' : 'refuted'}`} role={proven ? 'status' : 'alert'}>
      <Word class="proof-word">
        <span aria-hidden="true">{proven ? '✓' : '✕'} </span>
        {proven ? t.proven : t.refuted}
      </Word>
      {failed?.fault === undefined ? null : (
        <p>
          <strong>{t.faults[failed.fault]}</strong>
        </p>
      )}
      {claim === undefined || !proven ? null : <p>{claim}</p>}
      <ol class="plain steps">
        {steps.map(({ id, outcome, detail }) => (
          <li key={id}>
            <OutcomeSign outcome={outcome} />
            <span>
              {t.steps[id]}
              {detail === undefined ? null : (
                <>
                  <br />
                  <code class="faint">{detail}</code>
                </>
              )}
            </span>
          </li>
        ))}
      </ol>
    </div>
  )
}

/** The members of an entry of the log, as they were logged. */
export function EntryView({ entry }: { readonly entry: JsonRecord }): JSX.Element {
  const t = PROOF[useLanguage()]
  return (
    <>
      {entry['emulated'] === true ? (
        <p>
          <Mark tone="emulated">EMULATED</Mark>
        </p>
      ) : null}
      <dl class="facts compact entry">
        {Object.entries(t.entry).map(([name, word]) => {
          const value = Object.hasOwn(entry, name) ? entry[name] : undefined
          return value === undefined || name === 'emulated' ? null : (
            <div key={name}>
              <dt>{word}</dt>
              <dd>{name === 'at' ? <Moment iso={String(value)} seconds /> : <code>{String(value)}</code>}</dd>
            </div>
          )
        })}
      </dl>
    </>
  )
}

/** The key that something is checked with: one that the reader kept, or else the server's. */
export interface ChosenKey {
  /** Undefined while it is read, and where it cannot be. */
  readonly key: VerifierKey | undefined
  /** What is wrong with it. */
  readonly fault: ProofError | undefined
  readonly pinned: boolean
  /** The server's key is another one than the reader's. */
  readonly differs: boolean
}

/** Reads the key. `pinned` wins when it is not empty, even when it cannot be read: nothing is checked with another key then. */
export function useChosenKey(served: string | undefined, pinned: string): ChosenKey {
  const [read, setRead] = useState<{ readonly of: string; readonly key?: VerifierKey; readonly fault?: ProofError }>()
  const text = pinned.trim() === '' ? (served?.trim() ?? '') : pinned.trim()
  useEffect(() => {
    let current = true
    if (text === '') return undefined
    readVerifierKey(text).then(
      (key) => {
        if (current) setRead({ of: text, key })
      },
      (error: unknown) => {
        const fault = error instanceof ProofError ? error : new ProofError('key-form', String(error))
        if (current) setRead({ of: text, fault })
      },
    )
    return () => {
      current = false
    }
  }, [text])
  const fitting = read?.of === text ? read : undefined
  const isPinned = pinned.trim() !== ''
  return {
    key: fitting?.key,
    fault: fitting?.fault,
    pinned: isPinned,
    differs: isPinned && served !== undefined && fitting?.key !== undefined && served.trim() !== text,
  }
}

/** Which key was used, what that means, and a place to paste another. */
export function KeyChoice({
  chosen: { key, fault, pinned, differs },
  text,
  onText,
}: {
  readonly chosen: ChosenKey
  readonly text: string
  readonly onText: (text: string) => void
}): JSX.Element {
  const t = PROOF[useLanguage()]
  return (
    <div class="key-choice small">
      {key === undefined ? null : (
        <p>
          <span class="faint">{t.key.name}:</span> <code class="digest">{key.text}</code>
        </p>
      )}
      <p class={pinned ? '' : 'caution'}>{pinned ? t.key.pinned : t.key.fromServer}</p>
      {differs ? (
        <p class="caution" role="alert">
          {t.key.otherKey}
        </p>
      ) : null}
      {fault === undefined ? null : (
        <p class="caution" role="alert">
          {t.faults[fault.code]} {t.key.badKey}
        </p>
      )}
      <details open={pinned}>
        <summary>{t.key.heading}</summary>
        <div class="form">
          <label for="pinned-key">{t.key.label}</label>
          <textarea
            id="pinned-key"
            rows={2}
            spellcheck={false}
            autocomplete="off"
            maxLength={500}
            aria-describedby="pinned-key-hint"
            aria-invalid={pinned && fault !== undefined}
            value={text}
            onInput={(event) => onText(event.currentTarget.value)}
          />
          <p id="pinned-key-hint" class="faint">
            {t.key.hint}
          </p>
          {pinned ? (
            <p>
              <button type="button" class="button small" onClick={() => onText('')}>
                {t.key.unpin}
              </button>
            </p>
          ) : null}
        </div>
      </details>
    </div>
  )
}
