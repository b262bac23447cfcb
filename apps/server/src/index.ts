export { createApi } from './api/app.ts'
export { readConfig, type ServerConfig } from './config.ts'
export { createGateway } from './gateway/app.ts'
export { createMinter, createVerifier } from './service-token.ts'
