import { defineConfig } from 'tsup';
import { definedVersion, insideSourceMaps } from '../../tooling/published-build.ts';

const shared = {
  format: ['esm', 'cjs'] as ('esm' | 'cjs')[],
  // Inside protocol, files name each other with their extension: those types are carried along too.
  dts: { resolve: [/^@patchbay\/protocol/, /^\.{1,2}\/[\w/-]+\.ts$/] },
  sourcemap: true,
  plugins: [insideSourceMaps],
  define: definedVersion(import.meta.dirname),
  target: 'es2022',
  minify: true,
  // Unpublished, and in need of Node's globals: both are carried inside.
  noExternal: [/^@patchbay\/protocol/, /^simple-peer/],
  platform: 'browser' as const,
};

export default defineConfig([
  { ...shared, entry: ['src/index.ts'] },
  {
    ...shared,
    entry: ['src/react.tsx'],
    // One copy of the client, whichever way the application came to it.
    external: ['react', 'react/jsx-runtime', '@patchbay/sdk-browser'],
    banner: { js: '"use client";' },
  },
]);
