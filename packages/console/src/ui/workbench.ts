import type { TrustAnchor } from '@sekisho/evidence'
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { type Engine, EngineError } from '../engine/client.ts'
import { type Fault, type GivenFile, type Judged, type OpenedEvidence, type Place, WHOLE } from '../engine/messages.ts'
import { expectedOf, type Row, rowsOf } from './expectation-rows.ts'
import { useTurns } from './turns.ts'

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

/** What became of one asking. */
interface Answer {
  /** The asking: another function for other inputs. */
  readonly asked: unknown
  readonly evidence: OpenFile
  readonly judged: Judged | undefined
  readonly fault: Fault | undefined
}

const NO_ANSWER = { judged: undefined, fault: undefined }

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
  const [answer, setAnswer] = useState<Answer>()
  const [fault, setFault] = useState<Fault>()
  const [reading, setReading] = useState(0)
  const begin = useTurns()
  const opened = useRef(Promise.resolve())
  const closed = useRef(0)
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

  const { evidence } = inputs
  // A verdict on something else is none on what is open; one under other expectations stays while it is judged anew.
  const { judged, fault: verdictFault } = answer !== undefined && answer.evidence === evidence ? answer : NO_ANSWER
  const judging = evidence !== undefined && 'expect' in expected && answer?.asked !== ask

  useEffect(() => {
    if (evidence === undefined || !judging) return undefined
    let wanted = true
    const answered = (what: Pick<Answer, 'judged' | 'fault'>): void => {
      if (wanted) setAnswer({ asked: ask, evidence, ...what })
    }
    const judge = (): void => {
      ask([]).then(
        (found) => answered({ judged: found, fault: undefined }),
        (error: unknown) => answered({ judged: undefined, fault: faultIn(error) }),
      )
    }
    // What was just opened is judged at once; typing pauses first.
    const timer = setTimeout(judge, judged === undefined ? 0 : EDIT_PAUSE_MS)
    return () => {
      wanted = false
      clearTimeout(timer)
    }
    // The others only say whether there is anything to ask, and whether to wait.
  }, [ask])

  const open = useCallback(
    (opening: Opening): Promise<void> => {
      const of = closed.current
      const step = async (): Promise<void> => {
        if (of !== closed.current) return
        setFault(undefined)
        try {
          const places = await placesOf(engine, opening)
          if (of !== closed.current) return
          const next = withPlaces(current.current, opening, places)
          current.current = next
          setInputs(next)
          if (next.evidence === undefined && next.endorsements.length > 0)
            setFault({ code: 'no-evidence', message: '' })
        } catch (error) {
          if (of === closed.current) setFault(faultIn(error))
        }
      }
      setReading((before) => before + 1)
      // One after the other, as they were opened: what takes longer to read must not take the place of what came later.
      opened.current = opened.current.then(step).finally(() => {
        if (of === closed.current) setReading((before) => before - 1)
      })
      return opened.current
    },
    [engine],
  )

  const choosePart = async (part: number): Promise<void> => {
    if (evidence === undefined) return
    const { file } = evidence
    const isLast = begin()
    try {
      const place = await engine.ask('place', { file, part })
      if (!isLast() || place.as !== 'evidence' || current.current.evidence?.file !== file) return
      change({ evidence: { file, opened: place.opened }, rows: rowsOf(place.opened.skeleton, false) })
    } catch (error) {
      if (isLast()) setFault(faultIn(error))
    }
  }

  const close = (): void => {
    closed.current++
    setReading(0)
    setInputs({ ...NOTHING, anchors: [] })
    setAnswer(undefined)
    setFault(undefined)
  }

  return {
    inputs,
    judged,
    fault,
    verdictFault,
    badExpectation: 'bad' in expected ? expected : undefined,
    busy: reading > 0 ? 'reading' : judging ? 'judging' : undefined,
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

type Placed = readonly [file: GivenFile, place: Place]

async function placesOf(engine: Engine, { files }: Opening): Promise<readonly Placed[]> {
  const found: Placed[] = []
  for (const file of files) found.push([file, await engine.ask('place', { file, part: WHOLE })])
  return found
}

/** Sorts files into what is open: endorsements add up, evidence takes the place of what was open before. */
function withPlaces(before: Inputs, opening: Opening, places: readonly Placed[]): Inputs {
  let next: Inputs = before
  let found: OpenFile | undefined
  for (const [file, place] of places) {
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
