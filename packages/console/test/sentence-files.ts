import { sentences as arm } from '../src/text/sentences-ja/arm.ts'
import { sentences as azure } from '../src/text/sentences-ja/azure.ts'
import { sentences as cca } from '../src/text/sentences-ja/cca.ts'
import { sentences as checkpoint } from '../src/text/sentences-ja/checkpoint.ts'
import { sentences as composite } from '../src/text/sentences-ja/composite.ts'
import { sentences as core } from '../src/text/sentences-ja/core.ts'
import { sentences as dcap } from '../src/text/sentences-ja/dcap.ts'
import { sentences as faults } from '../src/text/sentences-ja/faults.ts'
import { sentences as ias } from '../src/text/sentences-ja/ias.ts'
import { sentences as ibmSe } from '../src/text/sentences-ja/ibm-se.ts'
import { sentences as input } from '../src/text/sentences-ja/input.ts'
import { sentences as nitro } from '../src/text/sentences-ja/nitro.ts'
import { sentences as nvidia } from '../src/text/sentences-ja/nvidia.ts'
import { sentences as nvidiaEndorsements } from '../src/text/sentences-ja/nvidia-endorsements.ts'
import { sentences as policy } from '../src/text/sentences-ja/policy.ts'
import { sentences as psa } from '../src/text/sentences-ja/psa.ts'
import type { SentencePairs } from '../src/text/sentences-ja/sentences.ts'
import { sentences as sev } from '../src/text/sentences-ja/sev.ts'
import { sentences as sgx } from '../src/text/sentences-ja/sgx.ts'
import { sentences as snp } from '../src/text/sentences-ja/snp.ts'
import { sentences as snpLeaf } from '../src/text/sentences-ja/snp-leaf.ts'
import { sentences as tdx } from '../src/text/sentences-ja/tdx.ts'
import { sentences as token } from '../src/text/sentences-ja/token.ts'
import { sentences as tokenServices } from '../src/text/sentences-ja/token-services.ts'
import { sentences as tpm } from '../src/text/sentences-ja/tpm.ts'
import { sentences as tpmLog } from '../src/text/sentences-ja/tpm-log.ts'

/** All files of Japanese sentences by name. */
export const sentenceFiles: Readonly<Record<string, SentencePairs>> = {
  arm,
  azure,
  cca,
  checkpoint,
  composite,
  core,
  dcap,
  faults,
  ias,
  'ibm-se': ibmSe,
  input,
  nitro,
  nvidia,
  'nvidia-endorsements': nvidiaEndorsements,
  policy,
  psa,
  sev,
  sgx,
  snp,
  'snp-leaf': snpLeaf,
  tdx,
  token,
  'token-services': tokenServices,
  tpm,
  'tpm-log': tpmLog,
}
