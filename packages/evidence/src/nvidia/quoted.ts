/** A text of strangers, made harmless for a message. */
export function quoted(text: string | undefined): string {
  return text === undefined ? 'nothing' : JSON.stringify(text.slice(0, 64))
}
