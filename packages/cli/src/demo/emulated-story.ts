import { randomBytes } from 'node:crypto'
import { emulatedAttester, type LeasedSecret, type LeaseEvent, watchLease } from '@sekisho/attester'
import { networkSource } from '@sekisho/collateral'
import { createWorld } from '@sekisho/emulator'
import { recognise } from '@sekisho/evidence/recognise'
import type { Around } from '../around.ts'
import { serveWorld } from '../checkpoint/served-world.ts'
import { Answer } from '../remote/answer.ts'
import type { Client } from '../remote/client.ts'
import { SEKISHO } from '../self.ts'
import { snpDoor } from '../tee/snp.ts'
import { activate, ask, RESOURCE, refusedRenewal, storeSecret, tellReceipt, tellRefusal, tellRelease } from './acts.ts'
import type { Narrator } from './narrator.ts'
import { openStage } from './stage.ts'

const ADVISORY = 'AMD-SB-EMULATED-1'

/** What the owner allows: verified guests whose values are known. Emulated ones, since this is a story. */
const POLICY = `@id("known-guests")
permit (principal, action, resource)
when {
  context.tee == "snp" &&
  context.verdict.outcome == "verified" &&
  !context.debug &&
  !context.references.isEmpty()
};
`

/** The one line that the advisory costs. */
const ONE_LINE = `
@id("no-milan") forbid (principal, action, resource) when { context has product && context.product == "Milan" };
`

const EVENT_MS = 10_000

/** The story on an emulated confidential VM: an AMD Milan machine under emulated roots, with its key service. */
export async function tellEmulatedStory(tell: Narrator, around: Around): Promise<void> {
  const now = (): Date => around.now()
  tell.step('stage', 'A checkpoint comes up: verifier, policy, key broker and log, on an embedded database.')
  const world = createWorld({ now, products: ['Milan'] })
  const services = await serveWorld(async () => world, 0)
  try {
    const source = networkSource({ amd: { baseUrl: services.url }, nvidia: false, trustAnchors: world.anchors, now })
    const stage = await openStage({ anchors: world.anchors, source }, around)
    try {
      const { owner, checkpoint } = stage
      tell.say(
        `${owner.server}, trusting an `,
        { text: 'EMULATED', tone: 'bad' },
        ' AMD root because this story tells it to.',
      )
      tell.fact({ url: owner.server, emulated: true })
      const secret = `correct-horse-${randomBytes(3).toString('hex')}`
      await storeSecret(owner, secret, tell)
      await activate(owner, POLICY, 'known guests only')
      const guest = world.snp({ product: 'Milan', measurement: randomBytes(48).toString('hex') })
      const attester = emulatedAttester(world, guest)

      tell.step('refused', 'A workload on a confidential VM asks for it.')
      tell.command(`${SEKISHO} request ${RESOURCE} --emulated snp --product Milan --world world.json -o password.txt`)
      await tellRefusal(owner, await ask(owner, attester), tell)

      tell.step('remedy', 'The owner says which measurement is known.')
      tell.command(`${SEKISHO} reference from-evidence web-guest report.bin`)
      const { evidence } = await attester.attest({ reportData: randomBytes(64) })
      const values = snpReferenceValues(evidence)
      await owner.send('PUT', owner.in('/references/web-guest'), { json: { tee: 'snp', values, owner: 'demo' } })
      tell.say(`web-guest: measurement ${guest.measurement.slice(0, 16)}…, and the lowest TCB that is accepted`)
      tell.fact({ reference: 'web-guest', measurement: guest.measurement })

      tell.step('released', 'The same workload asks again.')
      const held = tellRelease(await ask(owner, attester), secret, tell)
      await tellReceipt(owner, checkpoint.logKey, held.decision, tell)

      const told = lostLease(owner, held)
      await tellAdvisory(owner, tell)
      await tellLostLease(told, tell)

      tell.step('renewal', 'The workload tries to renew.')
      const renewed = await refusedRenewal(owner, attester, held, 'a lease was renewed that a policy forbids')
      tell.say(
        { text: 'REFUSED', tone: 'bad' },
        `  “${renewed.code}”: whoever runs it has to move to another CPU generation.`,
      )
      tell.fact({ outcome: 'refused', code: renewed.code, decision: renewed.id })
    } finally {
      await stage.close()
    }
  } finally {
    await services.close()
  }
}

/** What `sekisho reference from-evidence` stores: everything but what belongs to one exchange. */
function snpReferenceValues(evidence: Uint8Array): Readonly<Record<string, unknown>> {
  const { reportData: _, ...values } = snpDoor.skeleton(recognise(evidence).evidence)
  return values
}

async function tellAdvisory(owner: Client, tell: Narrator): Promise<void> {
  tell.step('advisory', 'The vendor publishes an advisory about this CPU generation.')
  const advisory = { id: ADVISORY, vendor: 'amd', products: ['Milan'], published: new Date().toISOString() }
  await owner.send('POST', owner.in('/advisories'), { json: advisory })
  const affected = new Answer(await owner.get(owner.in(`/advisories/${ADVISORY}/affected`))).list('affected')
  tell.command(`${SEKISHO} advisory affected ${ADVISORY}`)
  tell.say(`${affected.length} live lease is on such a machine.`)
  tell.fact({ advisory: ADVISORY, affected: affected.map((one) => one.text('lease')) })

  tell.step('policy', 'One policy line forbids it; first it is tried on what was decided so far.')
  tell.say(ONE_LINE.trim())
  const text = POLICY + ONE_LINE
  const report = new Answer(await owner.send('POST', owner.in('/policy/dry-run'), { json: { text } }))
  tell.command(`${SEKISHO} policy dry-run policy.cedar && ${SEKISHO} policy set policy.cedar`)
  tell.say({ text: 'dry run ', tone: 'faint' }, report.text('summary'))
  const active = await activate(owner, text, ADVISORY)
  tell.say(
    { text: 'active  ', tone: 'faint' },
    `version ${active.number('version')}, ${active.number('revoked')} lease revoked`,
  )
  tell.fact({ dryRun: report.text('summary'), version: active.number('version'), revoked: active.number('revoked') })
}

/** Listens for the end of a lease, as the workload does all along. */
async function lostLease(owner: Client, { lease }: LeasedSecret): Promise<LeaseEvent | undefined> {
  const signal = AbortSignal.timeout(EVENT_MS)
  try {
    for await (const event of watchLease({ url: owner.server, lease, signal })) if (event.ended) return event
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return undefined
}

async function tellLostLease(told: Promise<LeaseEvent | undefined>, tell: Narrator): Promise<void> {
  tell.step('lost', 'The running workload loses its lease.')
  const event = await told
  if (event === undefined) throw new Error('the workload was not told that its lease is over')
  tell.say(
    { text: 'REVOKED', tone: 'bad' },
    `  the workload is told “${event.kind}”${event.reason === undefined ? '' : `: ${event.reason}`}`,
  )
  tell.fact({ event: event.kind, reason: event.reason })
}
