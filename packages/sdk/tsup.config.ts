import { defineConfig } from 'tsup';
import { insideSourceMaps } from '../../tooling/published-build.ts';

/** Wire formats of ours are bundled, in code and in types: nothing unpublished is imported (decision 0001). */
const bundled = [/^@patchbay\/(protocol|kit)/];

export default defineConfig({
  entry: ['src/index.ts'],
  format: ['esm', 'cjs'],
  target: 'es2022',
  platform: 'neutral',
  outDir: 'dist',
  clean: true,
  sourcemap: true,
  // A table of every operation is most of it, and a page may load it as it is. Names stay, and source maps have the rest.
  esbuildOptions: (options) => {
    options.minifyWhitespace = true;
  },
  plugins: [insideSourceMaps],
  treeshake: true,
  noExternal: bundled,
  // Inside protocol, files name each other with their extension: those types are carried along too.
  dts: { resolve: [...bundled, /^\.{1,2}\/[\w/-]+\.ts$/] },
});
