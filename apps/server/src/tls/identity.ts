import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext, type TLSSocket } from 'node:tls'
import type { Logger } from 'pino'

/** How soon a changed file is noticed. Polled, since mounted secrets are swapped by links that no watch follows. */
const defaultCheckMs = 5_000

/** Paths of PEM files: who this process is to the others, and by whom they are vouched for. */
export interface TlsFiles {
  cert: string
  key: string
  ca: string
}

/** What is in the files. */
export type TlsMaterial = Record<keyof TlsFiles, string>

export interface TlsIdentity {
  current(): TlsMaterial
  /** Calls when the files have changed into others that can be used. */
  onChange(use: (material: TlsMaterial) => void): void
  /** Says that somebody was turned away, and why. */
  report(error: Error, socket: TLSSocket): void
  stop(): Promise<void>
}

/**
 * Reads a certificate, its key and the CA, and goes on following them. Throws an `Error` when they can't be used; later ones that
 * can't be are logged once, and what was there before stays.
 */
export async function openTlsIdentity(files: TlsFiles, logger: Logger, checkMs = defaultCheckMs): Promise<TlsIdentity> {
  let current = await readFiles(files)
  validate(current)
  let seen = JSON.stringify(current)
  const users: ((material: TlsMaterial) => void)[] = []

  async function check(): Promise<void> {
    const found = await readFiles(files).catch((error: unknown) => ({ error }))
    const asText = 'error' in found ? String(found.error) : JSON.stringify(found)
    if (asText === seen) return
    seen = asText
    try {
      if ('error' in found) throw found.error
      validate(found)
      current = found
      for (const use of users) use(found)
      logger.info('the TLS certificate was changed; new connections use it')
    } catch (error) {
      logger.error({ err: error }, 'the changed TLS certificate can not be used; the one before stays')
    }
  }

  let checking = Promise.resolve()
  const timer = setInterval(() => {
    checking = checking.then(check)
  }, checkMs)
  return {
    current: () => current,
    onChange: (use) => void users.push(use),
    report(error, { authorizationError: reason, remoteAddress: address }) {
      // Without a reason it only hung up, as a check of the port does.
      if (!reason && 'code' in error && error.code === 'ECONNRESET') return
      logger.warn({ err: error, reason, address }, 'a connection was refused in its TLS handshake')
    },
    async stop() {
      clearInterval(timer)
      await checking
    },
  }
}

async function readFiles({ cert, key, ca }: TlsFiles): Promise<TlsMaterial> {
  const [certText, keyText, caText] = await Promise.all([cert, key, ca].map((path) => readFile(path, 'utf8')))
  return { cert: certText ?? '', key: keyText ?? '', ca: caText ?? '' }
}

function validate(material: TlsMaterial): void {
  const [own] = parseCertificates(material.cert, 'FREEHOLD_TLS_CERT')
  // Without one in it, TLS would trust every public CA instead.
  parseCertificates(material.ca, 'FREEHOLD_TLS_CA')
  if (own && own.validToDate.getTime() < Date.now()) throw new Error('FREEHOLD_TLS_CERT: the certificate has expired.')
  try {
    // An empty key, as in a file that is being written, would be taken for none.
    createPrivateKey(material.key)
    createSecureContext(material)
  } catch (error) {
    throw new Error('FREEHOLD_TLS_KEY: it is not the key of the certificate in FREEHOLD_TLS_CERT.', { cause: error })
  }
}

function parseCertificates(pem: string, name: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? []
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block))
  } catch (error) {
    throw new Error(`${name}: a certificate in it can not be read.`, { cause: error })
  }
  throw new Error(`${name}: there is no certificate in it. It must be PEM.`)
}
