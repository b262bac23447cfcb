/** The connection's slice of the environment and of the options. An empty string in the environment means unset. */
export interface Settings {
  url: string | undefined
  apiKey: string | undefined
  operatorKey: string | undefined
  dataDir: string | undefined
  tenant: string | undefined
  workingDir: string
}
