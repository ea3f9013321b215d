import { sha256 } from './bytes.ts'
import { type Held, holding } from './held.ts'

/**
 * Remembers what a source gave for each question, and tells when it gives something else. A question without an answer is
 * no news: it says nothing about a platform.
 *
 * @param max most questions that are remembered
 */
export function newsTeller(
  max: number,
  onNews: (what: string) => void,
): (question: string, answer: Uint8Array | undefined) => void {
  const last: Held<string> = holding(max)
  return (question, answer) => {
    if (answer === undefined) return
    const before = last.get(question, 0)
    const now = sha256(answer)
    last.set(question, now, Number.POSITIVE_INFINITY)
    if (before !== undefined && before !== now) onNews(question)
  }
}
