export { DEFAULT_LIMITS, type ServerLimits } from './limits.ts'
export { type RunningServer, type ServerOptions, startServer } from './server.ts'
