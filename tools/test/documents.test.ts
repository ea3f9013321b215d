import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, it } from 'node:test'
import { filesBelow, ROOT } from '../src/files.ts'

const DOCUMENTS = filesBelow(ROOT, '.md').filter((path) => !/(^|\/)(node_modules|dist)\//.test(path))

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** A document's text without its blocks of code, where a `#` begins no heading and brackets make no link. */
const prose = (path: string): string => read(path).replace(/^```[\s\S]*?^```$/gm, '')

/** Where the links of a document lead, outside of the web. */
function linksOf(path: string): readonly string[] {
  const targets = [...prose(path).matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => target)
  return targets.filter((target) => !/^[a-z]+:/.test(target))
}

/** The anchors that GitHub gives the headings of a document. */
function anchorsOf(path: string): ReadonlySet<string> {
  const counts = new Map<string, number>()
  const anchors = [...prose(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const name = heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
    const before = counts.get(name) ?? 0
    counts.set(name, before + 1)
    return before === 0 ? name : `${name}-${before}`
  })
  return new Set(anchors)
}

describe('the documents', () => {
  it('are found', () => {
    for (const path of ['README.md', 'docs/primer.md', 'packages/cli/README.md']) assert.ok(DOCUMENTS.includes(path))
  })

  for (const path of DOCUMENTS) {
    it(`${path} links to files and headings that are there`, () => {
      const broken = linksOf(path).filter((link) => {
        const [file = '', anchor] = link.split('#')
        const target = file === '' ? path : normalize(join(dirname(path), file))
        if (!existsSync(join(ROOT, target))) return true
        return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).has(anchor)
      })
      assert.deepEqual(broken, [])
    })
  }
})

describe('docs/troubleshooting.md', () => {
  it('quotes the web page as it speaks', () => {
    const texts = filesBelow(join(ROOT, 'packages/console/src'), '.ts').map((path) =>
      read(`packages/console/src/${path}`),
    )
    const quotes = [...read('docs/troubleshooting.md').matchAll(/^\| \*([^*]+)\* \|/gm)].map(([, quote = '']) => quote)
    assert.ok(quotes.length > 5)
    assert.deepEqual(
      quotes.filter((quote) => !texts.some((text) => text.includes(quote))),
      [],
    )
  })
})

describe('the codes', () => {
  const [, union = ''] =
    /type RefusalCode =([\s\S]*?)\n\n/.exec(read('packages/broker/src/checkpoint/refusal.ts')) ?? []
  const refusals = [...union.matchAll(/'([a-z-]+)'/g)].map(([, code = '']) => code)

  it('of refusals are all explained in docs/troubleshooting.md, those of enrolment in docs/server.md', () => {
    assert.ok(refusals.length > 30)
    const rows = [...`${read('docs/troubleshooting.md')}${read('docs/server.md')}`.matchAll(/^(?:\*\*|\| )(.*)$/gm)]
    const text = rows.map(([, row = '']) => row.split(' | ')[0]).join('\n')
    assert.deepEqual(
      refusals.filter((code) => !text.includes(`\`${code}\``) && !text.includes(`${code}**`)),
      [],
    )
  })

  it('of refusals are all explained by the page, in both languages', () => {
    const lines = read('packages/console/src/pages/decisions/reasons.ts').split('\n')
    const known = lines.map((line) => /^ {4}'?([a-z-]+)'?: /.exec(line)?.[1])
    assert.deepEqual(
      refusals.filter((code) => known.filter((one) => one === code).length !== 2),
      [],
    )
  })

  it('of HTTP errors are all explained in docs/server.md', () => {
    const sources = filesBelow(join(ROOT, 'packages/server/src'), '.ts').map((path) =>
      read(`packages/server/src/${path}`),
    )
    const codes = sources.flatMap((source) =>
      [...source.matchAll(/new HttpError\(\s*\d{3},\s*'([a-z-]+)'/g)].map(([, code = '']) => code),
    )
    assert.ok(codes.length > 15)
    const text = read('docs/server.md')
    assert.deepEqual(
      codes.filter((code) => !text.includes(`\`${code}\``)),
      [],
    )
  })
})

describe('README.md and README.ja.md', () => {
  const blocks = (path: string): readonly string[] => read(path).match(/^```sh\n[\s\S]*?^```$/gm) ?? []

  it('have the same commands', () => {
    assert.ok(blocks('README.md').length > 5)
    assert.deepEqual(blocks('README.ja.md'), blocks('README.md'))
  })

  it('link to the same documents in the same order', () => {
    const documents = (path: string): readonly string[] =>
      linksOf(path).filter((link) => link.endsWith('.md') && !link.startsWith('README'))
    assert.ok(documents('README.md').length > 20)
    assert.deepEqual(documents('README.ja.md'), documents('README.md'))
  })

  it('name the same code', () => {
    const names = (path: string): readonly string[] =>
      [...new Set([...prose(path).matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => name))].sort()
    assert.ok(names('README.md').length > 20)
    assert.deepEqual(names('README.ja.md'), names('README.md'))
  })
})
