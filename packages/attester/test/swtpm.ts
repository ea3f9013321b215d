import { execFile, execFileSync, spawn } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { TrustAnchor } from '@sekisho/evidence'

const run = promisify(execFile)

const SERVER = 'swtpm'
const MANUFACTURER = 'swtpm_setup'

// Patience, not promises: six processes share a machine that may be slow, and RSA keys are made here.
const MAKING_MS = 300_000
const START_MS = 60_000

function has(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** False, or why tests with a software TPM are skipped. */
export const swtpmMissing: false | string =
  has(SERVER) && has(MANUFACTURER) && has('swtpm_localca') ? false : 'needs swtpm, swtpm_setup and swtpm_localca'

/** False, or why tests with the tools of tpm2-tools are skipped. */
export const toolsMissing: false | string = has('tpm2_makecredential') ? false : 'needs tpm2-tools'

/** False, or why the test of a device node is skipped. */
export const ptyMissing: false | string = has('python3') ? false : 'needs python3, to have a terminal for a device node'

/**
 * A terminal in raw mode whose other end is a TPM's socket: like a device node it is opened by a path, written to and
 * read from. Prints the path.
 */
const BRIDGE = `
import os, pty, select, socket, sys, tty
tpm = socket.socket(socket.AF_UNIX)
tpm.connect(sys.argv[1])
master, slave = pty.openpty()
tty.setraw(slave)
print(os.ttyname(slave), flush=True)
while True:
    for one in select.select([master, tpm], [], [])[0]:
        data = os.read(master, 4096) if one == master else tpm.recv(4096)
        if not data: sys.exit()
        tpm.sendall(data) if one == master else os.write(master, data)
`

/** Gives a TPM the path of a device. @returns the path, and how to end it */
export async function asDevice(socket: string): Promise<{ readonly path: string; stop(): Promise<void> }> {
  const interpreter = 'python3'
  const child = spawn(interpreter, ['-c', BRIDGE, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const first = await Promise.race([
    once(child.stdout, 'data').then(([path]) => path),
    ended.then(() => Promise.reject(new Error('the device of the TPM ended'))),
  ])
  return {
    path: String(first).trim(),
    async stop() {
      child.kill()
      await ended
    },
  }
}

/** A software TPM of this test's own, with a certificate authority of its own. */
export interface Swtpm {
  readonly folder: string
  /** Server socket. */
  readonly socket: string
  /** DER: issuer and root of the endorsement keys' certificates. */
  readonly authorities: readonly Uint8Array[]
  /** Its root as an anchor. */
  readonly anchor: TrustAnchor
  /** Power off and on. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Manufactures a TPM and switches it on. */
export async function startSwtpm(banks = 'sha256,sha384'): Promise<Swtpm> {
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-tpm-'))
  await manufacture(folder, banks)
  let stopTpm = await powerOn(folder)
  const issuer = await certificate(join(folder, 'ca', 'issuercert.pem'))
  const root = await certificate(join(folder, 'ca', 'swtpm-localca-rootca-cert.pem'))
  return {
    folder,
    socket: join(folder, 'd.sock'),
    authorities: [new Uint8Array(issuer.raw), new Uint8Array(root.raw)],
    anchor: anchorOf(root),
    async restart() {
      await stopTpm()
      stopTpm = await powerOn(folder)
    },
    async stop() {
      await stopTpm()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function certificate(path: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(path))
}

function anchorOf(root: X509Certificate): TrustAnchor {
  const spki = root.publicKey.export({ format: 'der', type: 'spki' })
  return {
    id: 'swtpm-root',
    name: 'the CA of a software TPM',
    vendor: 'swtpm',
    spkiSha256: createHash('sha256').update(spki).digest('hex'),
    emulated: true,
  }
}

async function manufacture(folder: string, banks: string): Promise<void> {
  const ca = join(folder, 'ca')
  await mkdir(ca)
  await mkdir(join(folder, 'state'))
  await writeFile(
    join(folder, 'localca.conf'),
    `statedir = ${ca}\nsigningkey = ${ca}/signkey.pem\nissuercert = ${ca}/issuercert.pem\ncertserial = ${ca}/certserial\n`,
  )
  await writeFile(
    join(folder, 'localca.options'),
    '--platform-manufacturer Test\n--platform-version 1.0\n--platform-model vTPM\n',
  )
  await writeFile(
    join(folder, 'setup.conf'),
    `create_certs_tool = /usr/bin/swtpm_localca\ncreate_certs_tool_config = ${folder}/localca.conf\ncreate_certs_tool_options = ${folder}/localca.options\nactive_pcr_banks = sha256\n`,
  )
  const state = ['--tpm2', '--tpmstate', join(folder, 'state'), '--config', join(folder, 'setup.conf')]
  const made = ['--create-ek-cert', '--create-platform-cert', '--lock-nvram', '--overwrite', '--vmid', 'test-vm']
  await run(MANUFACTURER, [...state, ...made, '--pcr-banks', banks], { timeout: MAKING_MS })
}

/** Whether a program listens on the socket: its file is there a moment earlier. The kernel's list marks those that do. */
function isListening(socket: string): boolean {
  return readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .some((line) => line.endsWith(` ${socket}`) && line.includes(' 00010000 '))
}

/** Starts swtpm in the foreground of a child. @returns how to end it */
async function powerOn(folder: string): Promise<() => Promise<void>> {
  const socket = join(folder, 'd.sock')
  await rm(socket, { force: true })
  const child = spawn(
    SERVER,
    [
      ...['socket', '--tpm2', '--tpmstate', `dir=${folder}/state`],
      ...['--server', `type=unixio,path=${socket}`, '--ctrl', `type=unixio,path=${folder}/c.sock`],
      ...['--flags', 'startup-clear,not-need-init'],
    ],
    { stdio: 'ignore' },
  )
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  for (const end = performance.now() + START_MS; !isListening(socket); ) {
    if (performance.now() > end || child.exitCode !== null) {
      child.kill()
      throw new Error('swtpm did not start')
    }
    await delay(20)
  }
  return async () => {
    child.kill()
    await ended
  }
}
