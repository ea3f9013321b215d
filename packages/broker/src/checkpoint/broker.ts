import { sweepEnrolments } from '../enrolment/enrol.ts'
import { tpmKeysOf } from '../enrolment/keys.ts'
import { adminOf } from './admin.ts'
import type { Reappraised } from './admin-model.ts'
import { affectedBy } from './advisories.ts'
import { attest } from './attest.ts'
import { type Core, coreOf } from './core.ts'
import { each } from './each.ts'
import { areOtherFiles, noteFiles } from './endorsement-files.ts'
import { eventsAfter } from './events.ts'
import { forecast } from './forecast.ts'
import { decisions, receipt, refusals, why } from './inspect.ts'
import { endOf, expireLeases, holds, listLeases, readLease, revokeLease, stateOf } from './leases.ts'
import { endEmulated, expireReferences, recheck } from './looks.ts'
import { type Broker, BrokerError } from './model.ts'
import type { BrokerOptions } from './options.ts'
import { reappraise, resumePending } from './reappraise.ts'
import { recordedEvidence } from './recorded-evidence.ts'
import { release } from './release.ts'
import { renew } from './renew.ts'
import { resultKeyAdmin } from './result-key-acts.ts'
import { ResultKeys } from './result-keys.ts'
import { keptNow, pruner } from './retention.ts'
import { reverify } from './reverify.ts'
import { sessionOpener } from './sessions.ts'

/**
 * Opens a checkpoint over a database, a vault, a log and a verifier.
 *
 * @throws BrokerError `unsafe` when production is asked for and the verifier trusts an emulated root; nothing overrides it
 */
export async function openBroker(options: BrokerOptions): Promise<Broker> {
  if (options.production && options.verifier.emulated)
    throw new BrokerError('unsafe', 'a production checkpoint does not start with emulated trust anchors')
  const core = coreOf(options, await ResultKeys.open(options.db, options.vault.ring))
  const prune = pruner(core)
  // Once is enough: nothing emulated is released to from here on.
  let emulatedMayLive = options.production
  return {
    challenge: sessionOpener(core),
    attest: (request) => attest(core, request),
    release: (request) => release(core, request),
    renew: (request) => renew(core, request),
    async leaseState(id, { at, secret, namespace }) {
      const lease = await readLease(core.db, id)
      if (lease === undefined || (secret !== undefined && !holds(lease, secret))) return undefined
      return namespace === undefined || namespace === lease.namespace ? stateOf(lease, at) : undefined
    },
    leases: (namespace, o = {}) => listLeases(core, namespace, o),
    revoke: (namespace, lease, o) => revokeLease(core, namespace, lease, o),
    async *events(namespace, after, o = {}) {
      // Asked before the first look: what ends later has its event behind.
      const end = o.lease === undefined ? undefined : await endOf(core.db, o.lease)
      yield* eventsAfter(core, namespace, after, { ...o, end })
    },
    reappraiseAll: (namespace, cause, at) => reappraise(core, namespace, cause, at),
    recheck: (namespace, by) => recheck(core, namespace, by),
    endorsedBy: (sha256, at, again = false) => endorsedBy(core, sha256, at, again),
    forecast: (request) => forecast(core, request),
    affectedBy: (namespace, advisory, at) => affectedBy(core, namespace, advisory, at),
    why: (namespace, decision) => why(core, namespace, decision),
    decisions: (namespace, o = {}) => decisions(core, namespace, o),
    refusals: (namespace, filter = {}) => refusals(core, namespace, filter),
    receipt: (namespace, decision) => receipt(core, namespace, decision),
    reverify: (namespace, decision) => reverify(core, namespace, decision),
    recordedEvidence: (namespace, decision) => recordedEvidence(core, namespace, decision),
    async tick(at) {
      const done = { expired: 0, swept: 0, pruned: 0 }
      const duties = [
        async () => {
          done.expired = await expireLeases(core, at)
        },
        () => core.resultKeys.refresh(),
        async () => {
          done.swept += await sweepEnrolments(core, at)
        },
        () => resumePending(core, at),
        () => expireReferences(core, at),
        async () => {
          if (emulatedMayLive) await endEmulated(core, at)
          emulatedMayLive = false
        },
        // Last: that leases end in time matters more than that something is forgotten.
        async () => {
          const { sessions, refused, events } = await prune(at)
          done.swept += sessions
          done.pruned = refused + events
        },
      ]
      await each(duties, (duty) => duty())
      return done
    },
    kept: () => keptNow(core),
    admin: adminOf(core),
    tpmKeys: tpmKeysOf(core),
    resultKeys: resultKeyAdmin(core),
    async jwks(at) {
      // Relying parties verify offline: what was known goes on being told while the database is away, or silent.
      await core.resultKeys.refreshSoon()
      return core.resultKeys.published(at)
    },
    issuer: core.issuer,
  }
}

async function endorsedBy(core: Core, sha256: string, at: Date, again: boolean): Promise<Reappraised | undefined> {
  if (!again && !(await areOtherFiles(core, sha256))) return undefined
  let [live, revoked] = [0, 0]
  const namespaces = await core.db.all<{ name: string }>('SELECT name FROM namespaces ORDER BY name')
  await each(namespaces, async ({ name }) => {
    const found = await reappraise(core, name, { kind: 'endorsements' }, at)
    live += found.live
    revoked += found.revoked
  })
  // Last: a process that ends before begins anew at its next start.
  await noteFiles(core, sha256)
  return { live, revoked }
}
