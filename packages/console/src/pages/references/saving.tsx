import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { useLanguage } from '../../text/language.ts'
import { useAction } from '../../ui/action.ts'
import { Confirm } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { FallingLeases } from '../policies/effect.tsx'
import type { FallingLease } from '../policies/model.ts'
import { REFERENCES } from './languages.ts'
import type { WrittenSet } from './model.ts'
import type { ReferenceProps } from './props.ts'

type Named = WrittenSet & { readonly name: string }

/** Storing of a set: what was seen before must still be so, and leases that would end are told first. */
export interface Saving {
  readonly busy: boolean
  /** `created`: when the set was stored that is edited; undefined for one that must not be there yet. */
  save(set: Named, created: string | undefined): Promise<boolean>
  /** What went wrong, or what is asked. */
  readonly view: JSX.Element | null
}

/** Stores sets for a form. */
export function useSaving({ calls, namespace, go, again }: ReferenceProps, onDone: () => void): Saving {
  const t = REFERENCES[useLanguage()]
  const { busy, error, run } = useAction()
  const [asking, setAsking] = useState<{ readonly set: Named; readonly fails: readonly FallingLease[] }>()
  const store = async ({ name, ...set }: Named): Promise<void> => {
    const { live, revoked } = await calls.put(name, set)
    again()
    onDone()
    go(name, t.said.stored(name, live, revoked))
  }
  const save = (set: Named, created: string | undefined): Promise<boolean> =>
    run(async () => {
      const there = (await calls.list()).find(({ name }) => name === set.name)
      if (there?.created !== created) throw new Error(created === undefined ? t.form.exists : t.form.changed)
      const fails = (await calls.forecast({ put: set }))?.fails ?? []
      if (fails.length > 0) setAsking({ set, fails })
      else await store(set)
    })
  const view = (
    <>
      {error === undefined ? null : <Problem error={error} />}
      {asking === undefined ? null : (
        <Confirm
          title={t.form.endsTitle(asking.fails.length)}
          action={t.form.endsAction}
          onNo={() => setAsking(undefined)}
          onYes={() => {
            setAsking(undefined)
            void run(() => store(asking.set))
          }}
        >
          <div class="dialog-body">
            <p>{t.form.endsLead}</p>
            <FallingLeases namespace={namespace} fails={asking.fails} />
          </div>
        </Confirm>
      )}
    </>
  )
  return { busy, save, view }
}
