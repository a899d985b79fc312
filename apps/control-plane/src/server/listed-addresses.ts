import { createHash } from 'node:crypto';
import { authenticatingNetworks } from '@patchbay/adapters/prisma/access-store';
import type { PrismaClient } from '@patchbay/adapters/prisma/client';
import type { AddressStanding } from '@patchbay/domain/access/authenticating';
import type { AccessPorts } from '@patchbay/domain/access/ports';
import { callerAlong } from '@patchbay/domain/tenancy/caller';
import type { TenancyPorts } from '@patchbay/domain/tenancy/ports';
import { cidrsContain } from '@patchbay/kit/cidr';
import { ipFromText } from '@patchbay/protocol/stun/ip-address';
import { isForbidden, isLoopback } from '@patchbay/protocol/turn/peer-policy';
import type { ControlPlaneEnv } from './env.ts';

type Settings = Pick<ControlPlaneEnv, 'PATCHBAY_ALLOW_LOOPBACK_PEERS' | 'PATCHBAY_PRIVATE_ADDRESSES_COUNT'>;

/** How long one reading serves the heartbeats of all nodes. */
const LIST_KEEP_MS = 1_000;

/** RFC 1918, RFC 6598 and RFC 4193: many have the same, so they say who somebody is within one network alone. */
const privateNetworks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'];

/** What an address is to this platform, by the settings of its operator. */
export function standingOf(address: string, settings: Settings): AddressStanding {
  const ip = ipFromText(address);
  if (ip === undefined) return 'forbidden';
  const isLet = (setting: keyof Settings): AddressStanding =>
    settings[setting] === '1' ? 'own' : 'forbidden';
  if (isLoopback(ip)) return isLet('PATCHBAY_ALLOW_LOOPBACK_PEERS');
  if (cidrsContain(privateNetworks, address)) return isLet('PATCHBAY_PRIVATE_ADDRESSES_COUNT');
  return isForbidden(ip) ? 'forbidden' : 'public';
}

/** The ports by which an account lists addresses that count as itself (ACC-9). */
export const listingPorts = (
  settings: Settings,
  tenancy: Pick<TenancyPorts, 'people' | 'keys'>,
): Pick<AccessPorts, 'addresses' | 'caller'> => ({
  addresses: { standingOf: (address) => standingOf(address, settings) },
  caller: (chain, actor) => callerAlong(chain, actor, tenancy),
});

export interface AddressList {
  readonly version: string;
  readonly items: { readonly accountId: string; readonly network: string }[];
}

/** The list that relays hold. Each heartbeat names its version, so it is read once a second at most for all of them. */
export function addressLists(
  prisma: PrismaClient,
  nowMs: () => number,
): { latest(): Promise<AddressList>; version(): Promise<string> } {
  let kept: { readonly list: Promise<AddressList>; readonly atMs: number } | undefined;
  const latest = async (): Promise<AddressList> => {
    const items = [...(await authenticatingNetworks(prisma))];
    return { version: createHash('sha256').update(JSON.stringify(items)).digest('base64url'), items };
  };
  return {
    latest,
    async version() {
      if (kept === undefined || nowMs() - kept.atMs >= LIST_KEEP_MS) {
        const list = latest();
        kept = { list, atMs: nowMs() };
        // What could not be read is read again for the next one who asks.
        list.catch(() => {
          kept = undefined;
        });
      }
      return (await kept.list).version;
    },
  };
}
