import { describe } from 'node:test'
import { runsAsItSays } from './page.ts'

describe('docs/primer.md', () => {
  runsAsItSays('primer.md', 12, ['tmp/world.json'])
})
