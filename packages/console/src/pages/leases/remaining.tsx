import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { useLanguage } from '../../text/language.ts'
import { Moment } from '../../ui/parts.tsx'
import { timeLeft } from './model.ts'
import { LEASES } from './words.ts'

const SOON_MS = 60_000

/** The present, to the second; components that use it draw themselves anew, their parents do not. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return now
}

/** Until when a live lease holds: the time that is left, as wide in every second, and the moment. Not read out while it runs. */
export function Until({ expires }: { readonly expires: string }): JSX.Element {
  const t = LEASES[useLanguage()]
  const now = useNow()
  const left = timeLeft(expires, now)
  return (
    <>
      {left === undefined ? null : (
        <span
          class={Date.parse(expires) - now < SOON_MS ? 'time-left soon' : 'time-left'}
          role="timer"
          aria-live="off"
          title={t.left(left)}
        >
          {left}
        </span>
      )}{' '}
      <span class="faint small">
        <Moment iso={expires} />
      </span>
    </>
  )
}
