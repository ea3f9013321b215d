import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { bracketMatching } from '@codemirror/language'
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { EditorState, type Text, type Transaction } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import type { PolicyFault } from '../check.ts'
import type { Finding } from '../model.ts'
import { cedarCompletion, type Vocabulary } from './completion.ts'
import { cedarLanguage } from './language.ts'
import { setUnexercised, untriedGutter } from './marks.ts'
import { pageTheme } from './theme.ts'

/** An editor of Cedar text. */
export interface CedarEditor {
  /** Puts another text in place, where it is another. */
  setText(text: string): void
  /** Shows what is wrong with the text as it stands. */
  setProblems(faults: readonly PolicyFault[], findings: readonly Finding[]): void
  /** Marks lines whose statements no test exercises. */
  setUnexercised(lines: readonly number[]): void
  /** Puts the cursor at a place, counted from 1, and the focus with it. */
  goTo(line: number, column: number): void
  destroy(): void
}

/** What an editor is opened with. */
export interface EditorOptions {
  readonly text: string
  /** For whoever does not see it. */
  readonly label: string
  /** Says what the mark of a statement without a test means. */
  readonly untried: string
  readonly vocabulary: Vocabulary
  onText(text: string): void
}

/**
 * Opens an editor in a shadow root of `host`: the page's policy allows no style elements, and in a shadow root the editor's
 * styles are adopted sheets, which are none.
 */
export function openCedarEditor(host: HTMLElement, o: EditorOptions): CedarEditor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
  let isGiven = false
  // What the page puts in place is nothing that somebody wrote.
  const onText = (text: string): void => {
    if (!isGiven) o.onText(text)
  }
  const view = new EditorView({ root, parent: root, state: stateOf({ ...o, onText }) })
  return {
    setText: (text) => {
      if (view.state.doc.toString() === text) return
      isGiven = true
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
      isGiven = false
    },
    setProblems: (faults, findings) => {
      const { doc } = view.state
      const all = [...faults.map((one) => ofFault(doc, one)), ...findings.map((one) => ofFinding(doc, one))]
      view.dispatch(setDiagnostics(view.state, all))
    },
    setUnexercised: (lines) => view.dispatch({ effects: setUnexercised.of(lines) }),
    goTo: (line, column) => {
      const anchor = placeOf(view.state.doc, line, column)
      view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) })
      view.focus()
    },
    destroy: () => view.destroy(),
  }
}

function stateOf({ text, label, untried, vocabulary, onText }: EditorOptions): EditorState {
  return EditorState.create({
    doc: text,
    extensions: [
      lineNumbers(),
      lintGutter(),
      untriedGutter(untried),
      history(),
      drawSelection(),
      bracketMatching(),
      closeBrackets(),
      autocompletion({ override: [cedarCompletion(vocabulary)], icons: false, maxRenderedOptions: 12 }),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      cedarLanguage(),
      pageTheme(),
      EditorView.lineWrapping,
      EditorView.domEventHandlers({ beforeinput: typeOver }),
      EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) onText(update.state.doc.toString())
      }),
      keymap.of([
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...historyKeymap,
        ...completionKeymap,
        ...lintKeymap,
        indentWithTab,
      ]),
    ],
  })
}

/**
 * Typing over a selection: left to the browser, the new text would keep the old one's colours by an inline style, which the
 * page's policy forbids.
 */
function typeOver(event: InputEvent, view: EditorView): boolean {
  const { from, to, empty } = view.state.selection.main
  const { data } = event
  if (event.inputType !== 'insertText' || empty || data === null || view.composing) return false
  event.preventDefault()
  const change = (): Transaction => view.state.update(view.state.replaceSelection(data), { userEvent: 'input.type' })
  const handled = view.state.facet(EditorView.inputHandler).some((handler) => handler(view, from, to, data, change))
  if (!handled) view.dispatch(change())
  return true
}

function ofFault(doc: Text, { line, column, message, hint }: PolicyFault): Diagnostic {
  const from = placeOf(doc, line, column)
  const [word = ''] = /^(?:"[^"]*"?|\w+|[^\w\s]+)/.exec(doc.lineAt(from).text.slice(from - doc.lineAt(from).from)) ?? []
  return {
    from,
    to: from + word.length,
    severity: 'error',
    message: hint === undefined ? message : `${message} (${hint})`,
  }
}

function ofFinding(doc: Text, { line, severity, message, remedy }: Finding): Diagnostic {
  const { from, to } = doc.line(Math.min(Math.max(line, 1), doc.lines))
  return { from, to, severity: severity === 'error' ? 'error' : 'warning', message: `${message}. ${remedy}` }
}

function placeOf(doc: Text, line: number, column: number): number {
  const { from, to } = doc.line(Math.min(Math.max(line, 1), doc.lines))
  return Math.min(from + Math.max(column, 1) - 1, to)
}
