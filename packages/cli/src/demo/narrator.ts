import { canonicalJson } from '@sekisho/evidence'
import type { Around } from '../around.ts'
import { Paper, type Span } from '../render/paper.ts'

/** Tells a story step by step: to a person, or as one line of JSON a step. */
export interface Narrator {
  /** Begins a step: who does what. */
  step(id: string, title: string): void
  /** What came of it. */
  say(...spans: readonly (Span | string)[]): void
  /** A command that does the same. */
  command(line: string): void
  /** What a program reads of the step. */
  fact(facts: Readonly<Record<string, unknown>>): void
  /** Ends the story. */
  end(): void
}

/** A narrator for `around`. */
export function narrator(json: boolean, around: Around): Narrator {
  return json ? jsonNarrator(around) : paperNarrator(around)
}

function paperNarrator(around: Around): Narrator {
  let count = 0
  const print = (write: (paper: Paper) => void): void => {
    const paper = new Paper(around)
    write(paper)
    around.out(paper.toString())
  }
  return {
    step: (_, title) => {
      count++
      print((paper) => paper.verbatim(0, '').line(0, 3, { text: `${count}. ${title}`, tone: 'strong' }))
    },
    say: (...spans) => print((paper) => paper.line(3, 2, ...spans)),
    command: (line) => print((paper) => paper.verbatim(3, `$ ${line}`)),
    fact: () => undefined,
    end: () => undefined,
  }
}

function jsonNarrator(around: Around): Narrator {
  let current: { id: string; title: string; facts: Record<string, unknown> } | undefined
  const flush = (): void => {
    if (current === undefined) return
    around.out(`${canonicalJson({ step: current.id, title: current.title, ...current.facts })}\n`)
    current = undefined
  }
  return {
    step: (id, title) => {
      flush()
      current = { id, title, facts: {} }
    },
    say: () => undefined,
    command: () => undefined,
    fact: (facts) => {
      if (current !== undefined) Object.assign(current.facts, facts)
    },
    end: flush,
  }
}
