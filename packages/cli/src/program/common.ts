import type { Command } from 'commander'
import { once, text } from '../options/values.ts'

/** Options of every command that fetches endorsements. */
export function fetching(command: Command): Command {
  return command
    .option('--pccs <url>', 'ask this PCCS instead of Intel’s service', once('--pccs', text))
    .option('--kds <url>', 'ask this mirror instead of AMD’s key service', once('--kds', text))
    .option('--rim <url>', 'ask this mirror instead of NVIDIA’s service for manifests', once('--rim', text))
    .option('--ocsp <url>', 'ask this mirror instead of NVIDIA’s OCSP responder', once('--ocsp', text))
    .option('--cache <folder>', 'keep fetched endorsements here (SEKISHO_CACHE)', once('--cache', text))
}

/** Values of an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}
