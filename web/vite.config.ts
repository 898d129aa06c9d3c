import { defineConfig } from 'vite';

// `npm run dev` shows pages as they are edited; the API is that of a server which runs already.
const server = process.env.LEDGERLINE_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    // What `light-dark()`, nesting and <dialog> need.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The content security policy lets no inline script run, and every target preloads by itself.
    modulePreload: { polyfill: false },
    // An image inlined as `data:` would be allowed; a font would not, so nothing is.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': server, '/openapi.json': server } },
  preview: { proxy: { '/api': server, '/openapi.json': server } },
});
