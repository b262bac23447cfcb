// First, because the library of certificates can't be loaded without.
import 'reflect-metadata'
import { createPrivateKey, webcrypto } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509'
import type { TlsFiles, TlsMaterial } from './identity.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const dayMs = 86_400_000

export interface Authority {
  /** Its certificate, in PEM. */
  ca: string
  /** Vouches for a process at `address`, as from yesterday until `days` from now. */
  issue(address?: string, days?: number): Promise<TlsMaterial>
}

/** A certificate authority that exists for a test. */
export async function createAuthority(name: string): Promise<Authority> {
  const keys = await generateKeys()
  const [notBefore, notAfter] = [new Date(Date.now() - 10 * dayMs), new Date(Date.now() + dayMs)]
  const root = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    notBefore,
    notAfter,
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  })
  const ca = root.toString('pem')
  return {
    ca,
    async issue(address = '127.0.0.1', days = 1) {
      const own = await generateKeys()
      const certificate = await X509CertificateGenerator.create({
        subject: `CN=${address}`,
        issuer: root.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        notBefore,
        notAfter: new Date(Date.now() + days * dayMs),
        signingAlgorithm: algorithm,
        extensions: [new SubjectAlternativeNameExtension([{ type: 'ip', value: address }])],
      })
      return { cert: certificate.toString('pem'), key: await exportKey(own.privateKey), ca }
    },
  }
}

const generateKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key))
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString()
}

export async function writeTlsFiles(files: TlsFiles, material: TlsMaterial): Promise<void> {
  for (const name of ['cert', 'key', 'ca'] as const) await writeFile(files[name], material[name])
}
