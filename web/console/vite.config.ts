/**
 * How the console is built: static files under `/console/`, for the control plane to serve.
 *
 * Nothing is inlined as a `data:` address, so the pages live under `script-src 'self'; style-src 'self'; font-src 'self'`.
 * Deterministic: names hold hashes of content only.
 */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const root = new URL('.', import.meta.url).pathname;

export default defineConfig({
  root,
  base: '/console/',
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: 'es2022',
    reportCompressedSize: true,
    modulePreload: { polyfill: false },
  },
});
