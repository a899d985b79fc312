import type { Entity } from '@patchbay/kit/definition';
import { ABOVE } from '../audit/told.ts';

/** An account as a reader may know it. */
export interface Party {
  /** By the account's own name where the reader sees it, and by the name of the brand that holds for it where not. */
  readonly name: string;
  /** Whether it is, or ever was, at or below the highest account that the reader sees. */
  readonly isSeen: boolean;
}

export interface PartyBook {
  /** Accounts as those know them who see all that is at or below `topId`, and nothing above it. */
  parties(topId: string, ids: readonly string[]): Promise<ReadonlyMap<string, Party>>;
}

/** The accounts that an answer is about. Of those above its reader it tells the brand, and neither an id nor a name (PRD-2, C1). */
export interface Parties {
  readonly nameOf: (accountId: string) => string;
  /** Undefined: the reader does not see it. */
  readonly idOf: (accountId: string) => string | undefined;
  /** A text in which ids of accounts stand, such as a `sourceRef`, with `above` for each that the reader does not see. */
  readonly textOf: (text: string) => string;
}

interface Read {
  readonly entity: Entity;
  readonly visibleIds?: readonly string[] | undefined;
}

const accountIds = /\bacc_[0-9a-z]+/g;

/** Looks up those that are asked for, and those that stand in texts. Who was not asked for is not seen. */
export async function partiesOf(
  { entity, visibleIds }: Read,
  { ids, texts = [] }: { readonly ids: readonly string[]; readonly texts?: readonly string[] },
  { billing }: { readonly billing: PartyBook },
): Promise<Parties> {
  const topId = visibleIds?.[0] ?? entity.accountId;
  const asked = new Set([...ids, ...texts.flatMap((text) => text.match(accountIds) ?? [])]);
  const known = await billing.parties(topId, [...asked]);
  const isSeen = (accountId: string) => known.get(accountId)?.isSeen === true;
  return {
    nameOf: (accountId) => known.get(accountId)?.name ?? ABOVE.actorName,
    idOf: (accountId) => (isSeen(accountId) ? accountId : undefined),
    textOf: (text) => text.replaceAll(accountIds, (id) => (isSeen(id) ? id : ABOVE.actorId)),
  };
}

/** Whoever sells, as an answer names it. */
export function sellerAnswer(sellerId: string, { idOf, nameOf }: Parties) {
  const id = idOf(sellerId);
  return { ...(id === undefined ? {} : { sellerId: id }), sellerName: nameOf(sellerId) };
}

/** The other side of an entry of the ledger. */
export function counterpartyAnswer(counterpartyId: string, { idOf, nameOf }: Parties) {
  const id = idOf(counterpartyId);
  return { ...(id === undefined ? {} : { counterpartyId: id }), counterpartyName: nameOf(counterpartyId) };
}

/** Whom entries of the ledger name. */
export const partiesIn = (
  entries: readonly { readonly counterpartyId: string; readonly sourceRef: string }[],
) => ({
  ids: entries.map(({ counterpartyId }) => counterpartyId),
  texts: entries.map(({ sourceRef }) => sourceRef),
});

/**
 * Tells the sellers of an account apart without saying who they are. Other than an id it is no secret: it only has to differ
 * between the few from whom one account bought in one month.
 */
export function sellerTag({
  sellerId,
  buyerId,
}: {
  readonly sellerId: string;
  readonly buyerId: string;
}): string {
  let hash = FNV_OFFSET;
  for (const character of `${buyerId} ${sellerId}`)
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), FNV_PRIME) >>> 0;
  return hash.toString(36);
}

// FNV-1a, of 32 bits.
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
