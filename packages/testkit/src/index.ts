export { asSuperuser, findFreePort, type PostgresServer, startPostgres } from './postgres.ts'
