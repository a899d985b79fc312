import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * A plugin of tsup. Source maps hold the sources themselves; their names are cut to what lies inside a package, for a
 * name that leads out of it leads a customer's debugger to a folder that is not there.
 */
export const insideSourceMaps = {
  name: 'inside-source-maps',
  renderChunk(_code: string, chunk: { map?: unknown }): void {
    if (typeof chunk.map !== 'string') return;
    const map = JSON.parse(chunk.map) as { sources: readonly string[] };
    const sources = map.sources.map((source) =>
      source.replace(/^.*\/node_modules\//, '../').replace(/^(\.\.\/)+/, '../'),
    );
    chunk.map = JSON.stringify({ ...map, sources });
  },
};

/** What the code of a package knows of its manifest, which does not come along into a bundle. */
export function definedVersion(folder: string): Record<string, string> {
  const manifest = readFileSync(path.join(folder, 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  return { PACKAGE_VERSION: JSON.stringify(version) };
}
