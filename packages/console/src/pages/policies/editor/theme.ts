import type { Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'

/** The page's own colours and letters: custom properties reach into the shadow root, style sheets do not. */
export function pageTheme(): Extension {
  return EditorView.theme({
    '&': { color: 'var(--ink)', backgroundColor: 'var(--card)', fontSize: '0.86rem', height: '100%' },
    '&.cm-focused': { outline: 'none' },
    '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6' },
    '.cm-content': { caretColor: 'var(--ink)', padding: '0.6rem 0' },
    '.cm-content, .cm-gutter': { minHeight: '26rem' },
    '.cm-cursor': { borderLeftColor: 'var(--ink)' },
    '.cm-gutters': { backgroundColor: 'var(--sunken)', color: 'var(--soft)', borderRight: '1px solid var(--line)' },
    '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--calm-wash) 55%, transparent)' },
    '.cm-activeLineGutter': { backgroundColor: 'var(--calm-wash)', color: 'var(--ink)' },
    '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
      backgroundColor: 'color-mix(in srgb, var(--accent) 28%, transparent)',
    },
    '.cm-matchingBracket': { backgroundColor: 'var(--calm-wash)', outline: '1px solid var(--calm)' },
    '.cm-tooltip': {
      backgroundColor: 'var(--card)',
      color: 'var(--ink)',
      border: '1px solid var(--line)',
      borderRadius: '8px',
      fontFamily: 'var(--sans)',
      boxShadow: '0 6px 20px rgb(0 0 0 / 18%)',
      overflow: 'hidden',
    },
    '.cm-tooltip.cm-completionInfo': { padding: '0.5rem 0.75rem', maxWidth: '20rem', lineHeight: '1.45' },
    // As many as are shown at once: what scrolls would have to be reached by Tab.
    '&.cm-editor .cm-tooltip.cm-tooltip-autocomplete > ul': { maxHeight: 'none', overflow: 'hidden' },
    '.cm-tooltip-autocomplete ul li': { padding: '0.15rem 0.6rem', fontFamily: 'var(--mono)' },
    '.cm-tooltip-autocomplete ul li[aria-selected]': { background: 'var(--accent)', color: 'var(--accent-ink)' },
    '.cm-completionDetail': { color: 'var(--soft)', fontStyle: 'normal' },
    'li[aria-selected] .cm-completionDetail': { color: 'inherit' },
    '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
    '.cm-diagnostic': { padding: '0.4rem 0.75rem', maxWidth: '32rem', whiteSpace: 'normal' },
    '.cm-diagnostic-error': { borderLeft: '4px solid var(--bad)' },
    '.cm-diagnostic-warning': { borderLeft: '4px solid var(--open)' },
    '.cm-lintRange-error': { backgroundImage: 'none', borderBottom: '2px solid var(--bad)' },
    '.cm-lintRange-warning': { backgroundImage: 'none', borderBottom: '2px dotted var(--open)' },
    '.cm-lint-marker-error': { content: 'none', borderRadius: '50%', background: 'var(--bad)' },
    '.cm-lint-marker-warning': { content: 'none', borderRadius: '50%', background: 'var(--open)' },
    '.cm-lint-marker': { width: '0.6em', height: '0.6em', margin: '0.45em 0 0 0.2em' },
    '.cm-gutter-lint': { width: '1.1em' },
    '.cm-panels': { backgroundColor: 'var(--sunken)', color: 'var(--ink)' },
  })
}
