import { choosePrice, type Price } from '@patchbay/domain/billing/price';
import { tariffFromWire, tariffToWire, type WrittenTariff } from '@patchbay/domain/billing/wire-tariff';
import type { Outputs } from '../../trpc/client.ts';
import { unitOf } from '../usage/meters.ts';
import { type PriceDraft, type ProfilePrice, tariffOf, whereKey } from './price-draft.ts';

/** One use with who pays whom for it, from the lowest buyer up. */
export type Explained = Outputs['prices']['explain']['items'][number];

export interface PreviewRequest {
  /** Whom the prices are for. Without an id: any child that has no price of its own. */
  readonly buyer: { readonly id?: string; readonly name: string };
  readonly seller: { readonly id: string; readonly name: string };
  /** What the seller asks of the buyer, in the order of `choosePrice`: as it would be saved now. */
  readonly profile: readonly ProfilePrice[];
  /** Who pays whom above the seller, as it holds. */
  readonly above: readonly Explained[];
}

/** What would hold if the profile were saved as it stands: the rule of the domain, before anything is set (BIL-2). */
export function previewOf({ buyer, seller, profile, above }: PreviewRequest): readonly Explained[] {
  const prices = profile.map(asPrice);
  const uses = new Map(
    [...profile, ...above].map((use) => [`${use.service}.${use.meter} ${whereKey(use.where)}`, use]),
  );
  return [...uses]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([, { service, meter, where }]) => {
      const own = choosePrice(prices, buyer.id ?? '', { service, meter, dimensions: where, atMs: 0 });
      // A use that a wider price of the seller answers is in that one's row.
      if (own !== undefined && whereKey(own.where) !== whereKey(where)) return [];
      const levels = levelsFor(above, { service, meter, where });
      const [next] = levels;
      if (own === undefined && next === undefined) return [];
      const tariff: WrittenTariff = own === undefined ? inheritedFrom(next) : tariffToWire(own.tariff);
      const origin = own === undefined ? 'inherited' : own.childId === undefined ? 'default' : 'child';
      const lowest: Explained['levels'][number] = {
        buyerId: buyer.id ?? '',
        buyerName: buyer.name,
        sellerId: seller.id,
        sellerName: seller.name,
        ...tariff,
        origin,
      };
      return [{ service, meter, where, levels: [lowest, ...levels] }];
    });
}

/** What the seller pays, passed on. A fee is between two, and covers what those below use. */
function inheritedFrom(level: Explained['levels'][number] | undefined): WrittenTariff {
  const isFree = level === undefined || level.due === 'period';
  return isFree ? { amount: '0', per: '1' } : tariffToWire(tariffFromWire(level));
}

/** The levels above for a use: those of the price that names most of its dimensions. */
function levelsFor(
  above: readonly Explained[],
  { service, meter, where }: Pick<Explained, 'service' | 'meter' | 'where'>,
): Explained['levels'] {
  const [best] = above
    .filter(
      (one) =>
        one.service === service &&
        one.meter === meter &&
        Object.entries(one.where).every(([name, value]) => where[name] === value),
    )
    .sort((left, right) => Object.keys(right.where).length - Object.keys(left.where).length);
  return best?.levels ?? [];
}

/** The saved prices of a profile with what is typed in place of those of the edited services. */
export function profileWith(
  saved: readonly ProfilePrice[],
  edited: Readonly<Record<string, readonly PriceDraft[]>>,
  target: Pick<ProfilePrice, 'currency' | 'setByAccountId'> & { readonly childId?: string | undefined },
): readonly ProfilePrice[] {
  const { childId, currency, setByAccountId } = target;
  const kept = saved.filter((price) => price.childId !== childId || edited[price.service] === undefined);
  const typed = Object.entries(edited).flatMap(([service, drafts]) =>
    drafts.flatMap((draft): readonly ProfilePrice[] => {
      const { meter, where } = draft;
      const tariff = tariffOf(service, draft);
      // While a field cannot be read, what is saved is shown.
      const isUnreadable = tariff === undefined && draft.text.trim() !== '';
      const before = saved.find(
        (price) =>
          price.childId === childId &&
          price.service === service &&
          price.meter === meter &&
          whereKey(price.where) === whereKey(where),
      );
      if (isUnreadable) return before === undefined ? [] : [before];
      if (tariff === undefined) return [];
      const owner =
        childId === undefined ? { origin: 'default' as const } : { origin: 'child' as const, childId };
      return [
        {
          service,
          meter,
          unit: unitOf(`${service}.${meter}`),
          where: { ...where },
          ...tariff,
          currency,
          setByAccountId,
          effectiveFrom: new Date(0).toISOString(),
          ...owner,
        },
      ];
    }),
  );
  return [...kept, ...typed];
}

const asPrice = (price: ProfilePrice, index: number): Price => ({
  id: String(index),
  accountId: price.setByAccountId,
  ...(price.childId === undefined ? {} : { childId: price.childId }),
  service: price.service,
  meter: price.meter,
  where: price.where,
  tariff: tariffFromWire(price),
  currency: price.currency,
  fromMs: 0,
  toMs: Number.POSITIVE_INFINITY,
});
