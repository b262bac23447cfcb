import { defineConfig } from 'vite'

const headers = { authorization: `Bearer ${process.env.FREEHOLD_API_KEY}` }

export default defineConfig({
  server: {
    host: '127.0.0.1',
    proxy: { '/agui': { target: process.env.FREEHOLD_URL ?? 'http://127.0.0.1:3000', headers, changeOrigin: true } },
  },
})
