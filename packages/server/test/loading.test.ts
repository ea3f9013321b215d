import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

/** Module hooks under which what a specifier names is missing the first `times`. */
function missing(specifier: string, times: number): string {
  const hooks = `let left = ${times}
export async function resolve(asked, context, next) {
  if (asked !== ${JSON.stringify(specifier)} || left-- <= 0) return next(asked, context)
  throw Object.assign(new Error('Cannot find module'), { code: 'ERR_MODULE_NOT_FOUND' })
}`
  return `data:text/javascript,${encodeURIComponent(hooks)}`
}

/** What a process prints in which that is missing, and a server is started; nothing behind its routes is there. */
function serve(specifier: string, times: number, options: object, then: string): string {
  const program = `import { register } from 'node:module'
register(${JSON.stringify(missing(specifier, times))})
const { startServer } = await import(${JSON.stringify(new URL('../src/index.js', import.meta.url).href)})
const options = { broker: {}, db: {}, vault: {}, log: {}, tokens: {}, port: 0, ...${JSON.stringify(options)} }
try {
  const server = await startServer(options)
  ${then}
  await server.close()
} catch (error) {
  console.log(error.code)
}`
  const ended = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  assert.equal(ended.status, 0, ended.stderr)
  return ended.stdout.trim()
}

test('a native API that could not be loaded once is loaded by the next request', () => {
  const ask = `console.log((await fetch(server.url + '/api/v1/openapi.json')).status)\n`
  assert.equal(serve('./native/open.js', 1, {}, ask + ask), '500\n200')
})

test('a server with an OpenID provider does not start without the library for it', () => {
  const oidc = { issuer: 'https://issuer.example', audience: 'sekisho', grants: [] }
  assert.equal(serve('jose', 1, { oidc }, `console.log('is up')`), 'ERR_MODULE_NOT_FOUND')
  assert.equal(serve('jose', 1, {}, `console.log('is up')`), 'is up')
})
