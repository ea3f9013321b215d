import { createHash, randomBytes } from 'node:crypto'
import { enrol, extendPcr, resetPcr, type TpmAttester, tpmAttester } from '@sekisho/attester'
import type { TpmRoots } from '@sekisho/broker'
import type { Around } from '../around.ts'
import { tpmAddress } from '../checkpoint/attesters.ts'
import { isRecord } from '../options/record.ts'
import { readTpmRootFiles } from '../options/tpm-roots.ts'
import type { Client } from '../remote/client.ts'
import { SEKISHO } from '../self.ts'
import { tpmDoor } from '../tee/tpm.ts'
import { activate, ask, RESOURCE, refusedRenewal, storeSecret, tellReceipt, tellRefusal, tellRelease } from './acts.ts'
import type { Narrator } from './narrator.ts'
import { openStage } from './stage.ts'

/** What the story is told on. */
export interface TpmStage {
  readonly where: string
  /** PEM: the certificates above the endorsement key's, root last. */
  readonly ca: string
  readonly eventLog: string | undefined
}

/** A register for applications, which may be set back: the boot's own are left alone. */
const PCR = 23
const QUOTED: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, PCR]

const POLICY = `@id("known-machines")
permit (principal, action, resource)
when {
  context.tee == "tpm" &&
  context.verdict.outcome == "verified" &&
  !context.references.isEmpty()
};
`

/** The story on a real TPM 2.0, whose register 23 is what the workload measures itself into. */
export async function tellTpmStory(stage: TpmStage, tell: Narrator, around: Around): Promise<void> {
  const roots = await readTpmRootFiles([stage.ca], around)
  const attester = await tpmAttester({
    device: tpmAddress(stage.where),
    pcrs: QUOTED,
    ...(stage.eventLog === undefined ? {} : { eventLog: stage.eventLog }),
  })
  try {
    await reset(attester)
    await tellOn(attester, { roots, where: stage.where }, tell, around)
  } finally {
    await reset(attester).finally(() => attester.close())
  }
}

async function tellOn(
  attester: TpmAttester,
  { roots, where }: { readonly roots: TpmRoots; readonly where: string },
  tell: Narrator,
  around: Around,
): Promise<void> {
  tell.step('stage', 'A checkpoint comes up: verifier, policy, key broker and log, on an embedded database.')
  const stage = await openStage({ anchors: [], source: undefined, verifier: { tpmRoots: roots } }, around)
  try {
    const { owner, checkpoint } = stage
    tell.say(`${owner.server}, trusting the TPM maker’s root that you named.`)
    tell.fact({ url: owner.server })
    tell.step('enrolment', 'The TPM proves that its attestation key lives beside a certified endorsement key.')
    const { akName } = await enrol({ url: owner.server, attester })
    tell.say(`The credential is activated: attestation key ${akName.slice(0, 20)}…`)
    tell.fact({ attestationKey: akName })
    const secret = `correct-horse-${randomBytes(3).toString('hex')}`
    await storeSecret(owner, secret, tell)
    await activate(owner, POLICY, 'known machines only')
    await rememberBoot(owner, attester, tell)
    const again = `${SEKISHO} request ${RESOURCE} --tpm ${where} --pcrs ${QUOTED.join()} -o password.txt`

    tell.step('refused', `Something unknown is measured into PCR ${PCR}; then the workload asks.`)
    await extend(attester, 'a program that nobody knows')
    tell.command(again)
    await tellRefusal(owner, await ask(owner, attester), tell)

    tell.step('remedy', `PCR ${PCR} is set back: a TPM allows that of this register, in place of a restart.`)
    await reset(attester)
    tell.say(`PCR ${PCR} is as it was. One that the boot measures into would need a restart without the program.`)
    tell.fact({ pcr: PCR })

    tell.step('released', 'The same workload asks again.')
    tell.command(again)
    const held = tellRelease(await ask(owner, attester), secret, tell)
    await tellReceipt(owner, checkpoint.logKey, held.decision, tell)

    tell.step('renewal', `PCR ${PCR} changes while the workload runs; it tries to renew.`)
    await extend(attester, 'a program that nobody knows')
    const refusal = await refusedRenewal(owner, attester, held, 'a lease was renewed for a machine that has changed')
    tell.say(
      { text: 'REFUSED', tone: 'bad' },
      `  “${refusal.code}”: the lease ends at ${held.lease.expires.toISOString()}`,
    )
    tell.fact({ outcome: 'refused', code: refusal.code, decision: refusal.id })
    tell.say('What a TPM cannot promise stands under “assumed” of every verdict: memory is not encrypted.')
  } finally {
    await stage.close()
  }
}

/** The owner takes the registers as they are now for known. */
async function rememberBoot(owner: Client, attester: TpmAttester, tell: Narrator): Promise<void> {
  tell.step(
    'reference',
    `The owner says which boot is known: this machine’s registers as they are now, and PCR ${PCR} with nothing in it.`,
  )
  const { evidence } = await attester.attest({ reportData: randomBytes(48) })
  const { reportData: _, ...values } = tpmDoor.skeleton(evidence)
  const pcrs = { ...(isRecord(values['pcrs']) ? values['pcrs'] : {}), [PCR]: ['00'.repeat(32)] }
  const set = { tee: 'tpm', values: { ...values, pcrs, requiredPcrs: QUOTED }, owner: 'demo' }
  tell.command(`echo '${JSON.stringify(set)}' | ${SEKISHO} reference put this-machine -`)
  await owner.send('PUT', owner.in('/references/this-machine'), { json: set })
  tell.say(`this-machine: PCR ${Object.keys(pcrs).join(', ')}`)
  tell.fact({ reference: 'this-machine', pcrs: Object.keys(pcrs).map(Number) })
}

async function extend(attester: TpmAttester, what: string): Promise<void> {
  const digest = new Uint8Array(createHash('sha256').update(what).digest())
  await attester.tpm.use((channel) => extendPcr(channel, PCR, { sha256: digest }))
}

async function reset(attester: TpmAttester): Promise<void> {
  await attester.tpm.use((channel) => resetPcr(channel, PCR))
}
