import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../until.ts'

/** A software TPM of a test's own, with a certificate authority of its own. */
export interface SoftwareTpm {
  readonly socket: string
  /** PEM: issuer and root of its endorsement key's certificate. */
  readonly ca: string
  /** Power off and on. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const has = (program: string): boolean =>
  ['/usr/bin', '/usr/local/bin', '/bin'].some((folder) => existsSync(join(folder, program)))

/** False, or why tests with a software TPM are skipped. */
export const tpmMissing: false | string = ['swtpm', 'swtpm_setup', 'swtpm_localca'].every(has)
  ? false
  : 'needs swtpm, swtpm_setup and swtpm_localca (Debian: swtpm, swtpm-tools)'

/** Manufactures a TPM and switches it on. */
export async function startTpm(): Promise<SoftwareTpm> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-tpm-'))
  const path = (name: string): string => join(folder, name)
  mkdirSync(path('ca'))
  mkdirSync(path('state'))
  const authority = { signingkey: 'signkey.pem', issuercert: 'issuercert.pem', certserial: 'certserial' }
  const lines = Object.entries(authority).map(([name, file]) => `${name} = ${join(path('ca'), file)}`)
  writeFileSync(path('ca.conf'), [`statedir = ${path('ca')}`, ...lines, ''].join('\n'))
  writeFileSync(path('ca.options'), '--platform-manufacturer Test\n--platform-version 1.0\n--platform-model vTPM\n')
  writeFileSync(
    path('setup.conf'),
    `create_certs_tool = swtpm_localca\ncreate_certs_tool_config = ${path('ca.conf')}\ncreate_certs_tool_options = ${path('ca.options')}\nactive_pcr_banks = sha256\n`,
  )
  const made = ['--tpm2', '--tpmstate', path('state'), '--config', path('setup.conf'), '--create-ek-cert']
  execFileSync('swtpm_setup', [...made, '--create-platform-cert', '--lock-nvram', '--overwrite'], { stdio: 'ignore' })
  const [issuer, root] = ['issuercert.pem', 'swtpm-localca-rootca-cert.pem'].map((file) =>
    readFileSync(join(path('ca'), file), 'utf8'),
  )
  writeFileSync(path('ca.pem'), `${issuer}${root}`)
  const socket = path('tpm.sock')
  let powerOff = await powerOn(path)
  return {
    socket,
    ca: path('ca.pem'),
    async restart() {
      await powerOff()
      powerOff = await powerOn(path)
    },
    async stop() {
      await powerOff()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Whether a program listens on the socket: its file is there a moment earlier. The kernel's list marks those that do. */
function isListening(socket: string): boolean {
  return readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .some((line) => line.endsWith(` ${socket}`) && line.includes(' 00010000 '))
}

/** Starts swtpm in the foreground of a child. @returns how to end it */
async function powerOn(path: (name: string) => string): Promise<() => Promise<void>> {
  const socket = path('tpm.sock')
  rmSync(socket, { force: true })
  const sockets = ['--server', `type=unixio,path=${socket}`, '--ctrl', `type=unixio,path=${path('control.sock')}`]
  const flags = ['--flags', 'startup-clear,not-need-init']
  const state = ['socket', '--tpm2', '--tpmstate', `dir=${path('state')}`]
  const child = spawn('swtpm', [...state, ...sockets, ...flags], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await until('swtpm listens', () => isListening(socket)).catch((error: unknown) => {
    child.kill()
    throw error
  })
  return async () => {
    child.kill()
    await ended
  }
}
