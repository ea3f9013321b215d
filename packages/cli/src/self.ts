/**
 * The program as whoever reads this process's output can call it again: `npx sekisho` where npx or `npm start` began it,
 * since the bare name is then on nobody's path.
 */
export const SEKISHO: string = ['exec', 'start'].includes(process.env['npm_command'] ?? '') ? 'npx sekisho' : 'sekisho'
