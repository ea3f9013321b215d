import { describe } from 'node:test'
import { runsAsItSays } from '../page.ts'

describe('docs/troubleshooting.md', () => {
  runsAsItSays('troubleshooting.md', 28, ['try/world.json'])
})
