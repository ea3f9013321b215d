import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Answered } from '../run.ts'
import { members, ownerOf, rows, text } from './shared.ts'

function errorOf({ code, out, err }: Answered): Record<string, unknown> {
  assert.equal(out, '')
  const last = err.trimEnd().split('\n').at(-1) ?? ''
  const error = members(members(JSON.parse(last))['error'])
  assert.equal(error['exitCode'], code)
  return error
}

describe('errors of a command with --json', () => {
  it('are one line of JSON on standard error, whosever fault it is', async () => {
    const owner = await ownerOf('json-errors')
    const wrong = owner.file('p1.cedar', 'permit (principal, action, resource) when { context.debg };')
    const cases: readonly (readonly [args: readonly string[], code: number, message: RegExp])[] = [
      [['policy', 'set', '--json'], 64, /^missing required argument 'file'/],
      [['policy', 'set', 'x', '--json', '--nope'], 64, /^unknown option '--nope'/],
      [['policy', 'show', '--json', '--server', 'nowhere'], 64, /nowhere/],
      [['inspect', owner.path('none.bin'), '--json'], 3, /none\.bin/],
      [['secret', 'show', 'a/b/c', '--json'], 3, /there is no|no such/],
    ]
    for (const [args, code, message] of cases) {
      const error = errorOf(await owner.run(args))
      assert.equal(error['exitCode'], code, args.join(' '))
      assert.match(text(error['message']), message)
    }
    const refused = errorOf(await owner.run(['policy', 'set', wrong, '--json']))
    assert.match(text(refused['message']), /p1\.cedar: /)
    assert.ok(Array.isArray(refused['details']))
    assert.match(text(refused['details'][0]), /p1\.cedar:1:45: there is no claim `debg`/)
    const problem = members(refused['problem'])
    assert.equal(problem['status'], 422)
    assert.equal(rows(problem['errors']).length, 1)
  })

  it('are sentences without it, also where it stands behind --', async () => {
    const owner = await ownerOf('json-errors')
    const { err } = await owner.run(['inspect', '--', '--json'])
    assert.match(err, /^sekisho: --json: /)
  })

  it('leave --help as it is', async () => {
    const owner = await ownerOf('json-errors')
    const { code, out, err } = await owner.run(['inspect', '--json', '--help'])
    assert.deepEqual([code, err], [0, ''])
    assert.match(out, /^Usage: sekisho inspect/)
  })
})
