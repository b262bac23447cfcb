export { addBusyAgents, type Business, busyAgents, fillWithRuns, makeBusy } from './busy-tenant.ts'
export { type Cluster, type ClusterOptions, type ClusterTenant, startCluster } from './cluster.ts'
export { cpuTimeMs } from './cpu-time.ts'
export { writeToDataFolder } from './data-folder.ts'
export { type DnsServer, startDnsServer } from './dns-server.ts'
export {
  type Arrival,
  type EffectLedger,
  type LedgerBehaviour,
  startEffectLedger,
} from './effect-ledger.ts'
export {
  type LoggedLine,
  startTestEngine,
  type TappedDatabase,
  type TestAgentOptions,
  type TestEngine,
  type TestEngineOptions,
  type TestRunInput,
  type TestWorkerOptions,
  tapDatabase,
} from './engine.ts'
export { findMoto, type MotoServer, startMoto } from './moto.ts'
export { type OidcServer, signInAtProvider, startOidcServer } from './oidc-server.ts'
export { findOpenBao, type OpenBaoServer, startOpenBao } from './openbao.ts'
export { pagesRead } from './pages-read.ts'
export {
  createTestPlatform,
  readResponse,
  type TestPlatform,
  type TestPlatformOptions,
  type TestResponse,
  type TestTenant,
} from './platform.ts'
export { asSuperuser, findFreePort, type PostgresServer, startPostgres } from './postgres.ts'
export {
  type ServerCredentials,
  type ServerProcess,
  type ServerProcessOptions,
  spawnServer,
} from './processes.ts'
export { hasRedis, type RedisServer, startRedis } from './redis.ts'
export { sampleLogo } from './sample-logo.ts'
export { type SampleRequest, sampleRequests } from './sample-requests.ts'
export {
  type ModelArrival,
  type ModelQuestionOnWire,
  type ScriptedAnswer,
  type ScriptedModel,
  startScriptedModel,
} from './scripted-model.ts'
export { createDataFolder } from './template.ts'
export { furnishTenant, type Ground, snapshotTenant } from './tenants.ts'
export { codeOf } from './totp.ts'
export { type Viewed, type ViewOptions, view } from './viewer.ts'
export { type WaitOptions, waitFor } from './wait-for.ts'
