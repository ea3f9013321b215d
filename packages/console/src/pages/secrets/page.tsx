import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { PageProps } from '../../app/session.tsx'
import { Notice } from '../../ui/records.tsx'
import { SecretDetail } from './detail.tsx'
import { SecretList } from './list.tsx'
import './secrets.css'

/** Secrets and keys of a namespace: the list, or one of them. */
export function SecretsPage(props: PageProps): JSX.Element {
  const [told, tell] = useState<string>()
  return (
    <>
      <Notice text={told} />
      {props.id === undefined ? (
        <SecretList page={props} onTold={tell} />
      ) : (
        <SecretDetail key={props.id} page={props} path={props.id} onTold={tell} />
      )}
    </>
  )
}
