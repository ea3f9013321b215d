import { type Extension, RangeSet, StateEffect, StateField, type Text } from '@codemirror/state'
import { EditorView, GutterMarker, gutter } from '@codemirror/view'

/** Lines of statements that no test case exercises, counted from 1. */
export const setUnexercised: ReturnType<typeof StateEffect.define<readonly number[]>> =
  StateEffect.define<readonly number[]>()

class Untried extends GutterMarker {
  private readonly title: string

  constructor(title: string) {
    super()
    this.title = title
  }

  override eq(other: Untried): boolean {
    return other.title === this.title
  }

  override toDOM(): Node {
    const mark = document.createElement('span')
    mark.textContent = '○'
    mark.title = this.title
    mark.className = 'untried'
    return mark
  }
}

/** A gutter that marks statements that no case exercises. */
export function untriedGutter(title: string): Extension {
  const marker = new Untried(title)
  const field = StateField.define<RangeSet<GutterMarker>>({
    create: () => RangeSet.empty,
    update: (marks, change) => {
      const set = change.effects.find((effect) => effect.is(setUnexercised))
      if (set === undefined) return marks.map(change.changes)
      return RangeSet.of(
        placesOf(change.state.doc, set.value).map((from) => marker.range(from)),
        true,
      )
    },
  })
  return [
    field,
    gutter({ class: 'cm-untried', markers: (view: EditorView) => view.state.field(field) }),
    EditorView.baseTheme({
      '.cm-untried': { width: '1.1em' },
      '.cm-untried .untried': { color: 'var(--open)', fontWeight: '700', paddingLeft: '2px' },
    }),
  ]
}

function placesOf(doc: Text, lines: readonly number[]): readonly number[] {
  return lines.filter((line) => line >= 1 && line <= doc.lines).map((line) => doc.line(line).from)
}
