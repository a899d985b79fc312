import { readdirSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');
const routeTree = path.join(root, 'apps/control-plane/src/app');

/**
 * What stands in the addresses of pages: the name of the folder in brackets, such as `accountId`. `lineKey` stands in the query
 * of the page of a statement's line.
 */
export type RouteValues = Readonly<Record<string, string>>;

/**
 * Every page of the dashboard as its route tree has it, such as `/accounts/[accountId]/keys`. Read from the folders, so
 * that a new page is looked at by whatever walks over all of them.
 */
export const dashboardRoutes: readonly string[] = readdirSync(routeTree, {
  recursive: true,
  encoding: 'utf8',
})
  .filter((file) => path.basename(file) === 'page.tsx')
  .map((file) => `/${path.dirname(file) === '.' ? '' : path.dirname(file).replaceAll(path.sep, '/')}`)
  .sort();

/**
 * The address of a page. Throws at a part that has no value: whoever adds a page with a new one says what stands there.
 */
export function addressOf(route: string, values: RouteValues): string {
  const address = route.replaceAll(/\[(?:\.\.\.)?(\w+)\]/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`The page ${route} needs a value for ${name}.`);
    return encodeURIComponent(value);
  });
  const { lineKey } = values;
  return route.endsWith('/line') && lineKey !== undefined
    ? `${address}?key=${encodeURIComponent(lineKey)}`
    : address;
}

/** Pages about an account. */
export const isOfAccount = (route: string): boolean => route.startsWith('/accounts/');

/** Pages that only somebody who is signed in reaches: those of an account, and the one about themselves. */
export const isForSignedIn = (route: string): boolean => isOfAccount(route) || route === '/you';
