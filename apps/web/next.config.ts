import { join } from 'node:path'
import type { NextConfig } from 'next'

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  // Each build has a folder of its own: src/build.ts.
  distDir: process.env.FREEHOLD_WEB_DIST ?? '.next',
  outputFileTracingRoot: join(import.meta.dirname, '../..'),
  turbopack: { root: join(import.meta.dirname, '../..') },
  transpilePackages: ['@freehold/contracts'],
  // `npm run typecheck` does it, with the compiler of the whole repository.
  typescript: { ignoreBuildErrors: true },
  experimental: { optimizePackageImports: ['lucide-react'] },
}

export default config
