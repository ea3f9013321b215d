import type { TrustAnchor } from '@sekisho/evidence'
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { type Engine, EngineError } from '../engine/client.ts'
import type { Fault, GivenFile, Judged, OpenedEvidence } from '../engine/messages.ts'
import { expectedOf, type Row, rowsOf } from './expectation-rows.ts'

/** Evidence that is open. */
export interface OpenFile {
  readonly file: GivenFile
  readonly opened: OpenedEvidence
}

/** A file of endorsements, and what it was found to hold. */
export interface Endorsement {
  readonly file: GivenFile
  readonly what: string
}

/** All that a verdict depends on. */
export interface Inputs {
  readonly evidence: OpenFile | undefined
  readonly endorsements: readonly Endorsement[]
  readonly eventLog: GivenFile | undefined
  readonly anchors: readonly TrustAnchor[]
  readonly rows: readonly Row[]
  readonly more: string
  readonly allowEmulated: boolean
  readonly waive: readonly string[]
  /** Undefined for the moment of judging. */
  readonly at: number | undefined
}

/** What can be opened in one step: files, or an example with all that belongs to it. */
export interface Opening {
  readonly files: readonly GivenFile[]
  readonly expect?: Readonly<Record<string, unknown>>
  readonly allowEmulated?: boolean
  readonly at?: number
}

/** The page's state and what can be done to it. */
export interface Workbench {
  readonly inputs: Inputs
  readonly judged: Judged | undefined
  readonly fault: Fault | undefined
  readonly verdictFault: Fault | undefined
  readonly badExpectation: { readonly bad: string; readonly isObject: boolean } | undefined
  readonly busy: 'reading' | 'judging' | undefined
  readonly engine: Engine
  open(opening: Opening): Promise<void>
  choosePart(part: number): Promise<void>
  change(inputs: Partial<Inputs>): void
  close(): void
  setFault(fault: Fault | undefined): void
  /** Judges again without some roots; for the trust map. @throws EngineError */
  judgeWithout(distrust: readonly string[]): Promise<Judged>
}

const NOTHING: Inputs = {
  evidence: undefined,
  endorsements: [],
  eventLog: undefined,
  anchors: [],
  rows: [],
  more: '',
  allowEmulated: false,
  waive: [],
  at: undefined,
}

const EDIT_PAUSE_MS = 150

/** Holds what is open, and has it judged whenever something changes. */
export function useWorkbench(engine: Engine): Workbench {
  const [inputs, setInputs] = useState<Inputs>(NOTHING)
  const [judged, setJudged] = useState<Judged>()
  const [fault, setFault] = useState<Fault>()
  const [verdictFault, setVerdictFault] = useState<Fault>()
  const [busy, setBusy] = useState<'reading' | 'judging'>()
  const latest = useRef(0)
  const current = useRef(inputs)
  current.current = inputs

  const change = useCallback((some: Partial<Inputs>) => setInputs((before) => ({ ...before, ...some })), [])
  const expected = useMemo(
    () => expectedOf(inputs.rows, inputs.more, inputs.allowEmulated),
    [inputs.rows, inputs.more, inputs.allowEmulated],
  )

  const ask = useCallback(
    (distrust: readonly string[]): Promise<Judged> => {
      const { evidence, endorsements, eventLog, anchors, waive, at } = inputs
      if (evidence === undefined || !('expect' in expected)) return Promise.reject(new EngineError(NOTHING_OPEN))
      return engine.ask('verify', {
        file: evidence.file.bytes,
        part: evidence.opened.part,
        files: endorsements.map(({ file }) => file),
        eventLog: eventLog?.bytes,
        expect: expected.expect,
        waive,
        anchors,
        distrust,
        at: at ?? Date.now(),
      })
    },
    [engine, inputs, expected],
  )

  useEffect(() => {
    const turn = ++latest.current
    if (inputs.evidence === undefined || !('expect' in expected)) return undefined
    const judge = async (): Promise<void> => {
      setBusy('judging')
      try {
        const found = await ask([])
        if (turn !== latest.current) return
        setJudged(found)
        setVerdictFault(undefined)
      } catch (error) {
        if (turn !== latest.current) return
        setJudged(undefined)
        setVerdictFault(faultIn(error))
      }
      setBusy(undefined)
    }
    // What was just opened is judged at once; typing pauses first.
    const timer = setTimeout(() => void judge(), judged === undefined ? 0 : EDIT_PAUSE_MS)
    return () => clearTimeout(timer)
    // `judged` only says whether to wait.
  }, [ask])

  const open = useCallback(
    async (opening: Opening) => {
      setBusy('reading')
      setFault(undefined)
      try {
        const next = await placed(engine, opening, current.current)
        if (next.evidence !== current.current.evidence) setJudged(undefined)
        setInputs(next)
        if (next.evidence === undefined && next.endorsements.length > 0) setFault({ code: 'no-evidence', message: '' })
      } catch (error) {
        setFault(faultIn(error))
      }
      setBusy(undefined)
    },
    [engine],
  )

  const choosePart = async (part: number): Promise<void> => {
    const { evidence } = inputs
    if (evidence === undefined) return
    const place = await engine.ask('place', { file: evidence.file, part })
    if (place.as !== 'evidence') return
    setJudged(undefined)
    change({ evidence: { file: evidence.file, opened: place.opened }, rows: rowsOf(place.opened.skeleton, false) })
  }

  const close = (): void => {
    latest.current++
    setInputs({ ...NOTHING, anchors: [] })
    setJudged(undefined)
    setFault(undefined)
    setVerdictFault(undefined)
    setBusy(undefined)
  }

  return {
    inputs,
    judged,
    fault,
    verdictFault,
    badExpectation: 'bad' in expected ? expected : undefined,
    busy,
    engine,
    open,
    choosePart,
    change,
    close,
    setFault,
    judgeWithout: ask,
  }
}

const NOTHING_OPEN: Fault = { message: 'nothing to judge', code: 'refused' }

/** What an error tells the reader. */
export function faultIn(error: unknown): Fault {
  if (error instanceof EngineError) return { message: error.message, code: error.code }
  return { message: error instanceof Error ? error.message : String(error), code: 'refused' }
}

/** Sorts files into what is open: endorsements add up, evidence takes the place of what was open before. */
async function placed(engine: Engine, opening: Opening, before: Inputs): Promise<Inputs> {
  let next: Inputs = before
  let found: OpenFile | undefined
  for (const file of opening.files) {
    const place = await engine.ask('place', { file, part: 0 })
    if (place.as === 'endorsement') next = { ...next, endorsements: [...next.endorsements, { file, what: place.what }] }
    else if (place.as === 'anchors') next = { ...next, anchors: withAnchors(next.anchors, place.anchors) }
    else if (place.as === 'event-log') next = { ...next, eventLog: file }
    else found = { file, opened: place.opened }
  }
  if (found === undefined) return next
  const { skeleton } = found.opened
  const given = opening.expect ?? {}
  const rows = [
    ...rowsOf(given, true),
    ...rowsOf(Object.fromEntries(Object.entries(skeleton).filter(([name]) => !(name in given))), false),
  ]
  return {
    ...next,
    evidence: found,
    rows,
    more: '',
    waive: [],
    allowEmulated: opening.allowEmulated ?? next.allowEmulated,
    at: opening.at,
  }
}

/** Anchors, each key once. */
export function withAnchors(before: readonly TrustAnchor[], more: readonly TrustAnchor[]): readonly TrustAnchor[] {
  const known = new Set(before.map(({ spkiSha256 }) => spkiSha256))
  return [...before, ...more.filter(({ spkiSha256 }) => !known.has(spkiSha256))]
}
