import { networkInterfaces } from 'node:os';

const loopbacks: ReadonlyMap<string, string> = new Map([
  ['127.0.0.1', '::1'],
  ['::1', '127.0.0.1'],
]);

const ownAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []);

/** The address of the other family: the one that was set, or the other loopback one of a relay on loopback, where there is one. */
export function otherFamilyOf(
  host: string,
  set: string | undefined,
  own: readonly string[] = ownAddresses(),
): string | undefined {
  if (set !== undefined) return set;
  const other = loopbacks.get(host);
  return other !== undefined && own.includes(other) ? other : undefined;
}
