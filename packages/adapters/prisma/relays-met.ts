import { rowsOfEach } from '../postgres/at-once.ts';
import { brandAbove, brandFromRows } from './brand-store.ts';
import { liveNodes, nodesFromRows } from './fleet-store.ts';
import type { PrismaClient } from './generated/client.ts';

export interface MetRelay {
  readonly region: string;
  readonly urls: readonly string[];
}

export interface RelaysMet {
  /** Those in service. */
  readonly relays: readonly MetRelay[];
  /** What the brand above the account calls them. */
  readonly turnHost?: string | undefined;
}

/** The relays that an account meets. Every mint asks for them, so both are asked together. */
export async function relaysMet(prisma: PrismaClient, accountId: string): Promise<RelaysMet> {
  const [nodes = [], brands = []] = await rowsOfEach(prisma, [liveNodes('relay'), brandAbove(accountId)]);
  return {
    relays: nodesFromRows(nodes).map(({ region, urls }) => ({ region, urls: urls.turn ?? [] })),
    turnHost: brandFromRows(brands)?.turnHost,
  };
}
