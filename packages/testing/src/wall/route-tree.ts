import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../../..');
const controlPlane = path.join(root, 'apps/control-plane');

export interface Route {
  /** As `/accounts/[accountId]/keys`. */
  readonly pattern: string;
  readonly kind: 'page' | 'route';
}

/** Every route of the dashboard, as its folders say: a page that is added tomorrow is in it tomorrow. */
export function routeTree(folder = path.join(controlPlane, 'src/app'), above = ''): readonly Route[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): readonly Route[] => {
    if (entry.isDirectory()) {
      // A group in brackets is no part of the address.
      const segment = /^\(.*\)$/.test(entry.name) ? '' : `/${entry.name}`;
      return routeTree(path.join(folder, entry.name), `${above}${segment}`);
    }
    const kind = /^(page|route)\.tsx?$/.exec(entry.name)?.[1];
    return kind === 'page' || kind === 'route' ? [{ pattern: above === '' ? '/' : above, kind }] : [];
  });
}

export interface ServerAction {
  readonly id: string;
  readonly name: string;
  /** The patterns of the pages that have it. */
  readonly pages: readonly string[];
}

/** Every server action in the build: what a page posts to when its form runs on the server. */
export function serverActions(): readonly ServerAction[] {
  const file = path.join(controlPlane, '.next/server/server-reference-manifest.json');
  if (!existsSync(file)) throw new Error('The control plane is not built.');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<
    'node' | 'edge',
    Record<string, { readonly exportedName?: string; readonly workers: Readonly<Record<string, unknown>> }>
  >;
  const found = [...Object.entries(manifest.node), ...Object.entries(manifest.edge)];
  return found.map(([id, { exportedName = 'unnamed', workers }]) => ({
    id,
    name: exportedName,
    pages: Object.keys(workers).map((worker) => worker.replace(/^app/, '').replace(/\/page$/, '') || '/'),
  }));
}

/**
 * The addresses of a route with `values` in its parameters. A parameter without a value is an error: somebody has to say
 * what the victim has there.
 */
export function addressOf(pattern: string, values: Readonly<Record<string, string>>): string {
  return pattern.replace(/\[(?:\.\.\.)?(\w+)\]/g, (_match, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${pattern}: say in the attack what the victim has as ${name}.`);
    return value;
  });
}
