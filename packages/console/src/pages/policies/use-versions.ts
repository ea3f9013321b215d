import { useEffect } from 'preact/hooks'
import { type Loaded, useLoad } from '../../ui/load.tsx'
import type { ActivePolicy, PolicyCalls, VersionInfo } from './model.ts'

const EVERY_MS = 15_000

/** The versions of the policy; looked at again while the page is looked at, and with them which one is in force. */
export function useVersions(
  calls: PolicyCalls,
  active: ActivePolicy,
  again: Loaded<ActivePolicy>,
): Loaded<readonly VersionInfo[]> {
  const versions = useLoad((signal) => calls.versions(signal), [calls])
  const { reload } = versions
  useEffect(() => {
    const look = (): void => {
      if (document.visibilityState === 'visible') reload()
    }
    const timer = setInterval(look, EVERY_MS)
    document.addEventListener('visibilitychange', look)
    addEventListener('focus', look)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', look)
      removeEventListener('focus', look)
    }
  }, [reload])
  const current = versions.value?.find((one) => one.active)?.version
  useEffect(() => {
    if (current !== undefined && current !== active.version) again.reload()
    // The version in force alone: after an act of this page the list is the older of the two.
  }, [current])
  return versions
}
