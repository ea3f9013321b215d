import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { fragmentOf } from '../../app/route.ts'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { Notice, SubMenu } from '../../ui/records.tsx'
import { Advisories } from './advisories.tsx'
import { Affected } from './affected.tsx'
import { LeaseDetail } from './detail.tsx'
import { ForecastPart } from './forecast.tsx'
import { LeaseList } from './list.tsx'
import type { PartProps } from './part.ts'
import { LEASES } from './words.ts'
import './leases.css'

const ADVISORY = 'advisories/'

/** Leases of a namespace; advisories and forecasts have addresses below it. */
export function LeasesPage(page: PageProps): JSX.Element {
  const t = LEASES[useLanguage()]
  const { id, namespace } = page
  const [told, tell] = useState<string>()
  const href = (part: string | undefined): string => fragmentOf({ at: 'leases', namespace, id: part })
  const advisories = id === 'advisories' || id?.startsWith(ADVISORY) === true
  return (
    <>
      <SubMenu
        label={t.parts.menu}
        parts={[
          { name: t.parts.leases, href: href(undefined), here: !advisories && id !== 'forecast' },
          ...(page.may('advisories:read')
            ? [{ name: t.parts.advisories, href: href('advisories'), here: advisories }]
            : []),
          { name: t.parts.forecast, href: href('forecast'), here: id === 'forecast' },
        ]}
      />
      <Notice text={told} />
      <Part page={page} onTold={tell} />
    </>
  )
}

function Part({ page, onTold }: PartProps): JSX.Element {
  const { id } = page
  if (id === undefined) return <LeaseList page={page} onTold={onTold} />
  if (id === 'forecast') return <ForecastPart page={page} onTold={onTold} />
  if (id === 'advisories') return <Advisories page={page} onTold={onTold} />
  if (id.startsWith(ADVISORY))
    return <Affected key={id} page={page} advisory={id.slice(ADVISORY.length)} onTold={onTold} />
  return <LeaseDetail key={id} page={page} lease={id} onTold={onTold} />
}
