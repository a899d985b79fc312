import { priceProblem, readHumanPrice, writeHumanPrice } from '@patchbay/domain/billing/price-text';
import { tariffFromWire, tariffToWire, type WrittenTariff } from '@patchbay/domain/billing/wire-tariff';
import type { Inputs, Outputs } from '../../trpc/client.ts';
import { meters, unitOf } from '../usage/meters.ts';
import { noTerms, type TermsDraft, termsDraftOf, withTerms } from './terms-draft.ts';

export type ProfilePrice = Outputs['prices']['listForChildren']['items'][number];
export type EffectivePrice = Outputs['prices']['list']['items'][number];
type SetPrices = Inputs['prices']['setForChildren']['prices'];

/** One row of the editor: a price as it is typed. An empty text is no price of one's own. */
export interface PriceDraft {
  readonly meter: string;
  readonly where: Readonly<Record<string, string>>;
  readonly text: string;
  readonly isFlat: boolean;
  /** Of a flat price: due without use too. */
  readonly isFee?: boolean;
  /** Of any other. Default: none. */
  readonly terms?: TermsDraft;
  /** What is saved. It stays exactly so for as long as nobody types: what the field shows may be rounded. */
  readonly saved?: Typed & { readonly tariff: WrittenTariff };
}

/** What of a row is typed. */
type Typed = Pick<PriceDraft, 'text' | 'isFlat' | 'isFee' | 'terms'>;

/** What is typed in a row as one text: two rows that say the same have the same. */
export const typedKey = ({ text, isFlat, isFee = false, terms = noTerms }: Typed): string =>
  JSON.stringify([text, isFlat, isFee, terms]);

export const whereKey = (where: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(where).sort(([left], [right]) => (left < right ? -1 : 1)));

export const draftKey = ({ meter, where }: Pick<PriceDraft, 'meter' | 'where'>): string =>
  `${meter} ${whereKey(where)}`;

/** What stands in a profile now: the newest of each price that holds already. */
export function pricesNow(profile: readonly ProfilePrice[], childId: string | undefined, nowMs: number) {
  const newest = new Map<string, ProfilePrice>();
  for (const price of profile) {
    if (price.childId !== childId || Date.parse(price.effectiveFrom) > nowMs) continue;
    const key = `${price.service} ${draftKey(price)}`;
    const known = newest.get(key);
    if (known === undefined || known.effectiveFrom <= price.effectiveFrom) newest.set(key, price);
  }
  return [...newest.values()];
}

/** The rows of one service: one for each meter that can be priced, and one for each price by dimension. */
export function draftsOf(service: string, prices: readonly ProfilePrice[]): readonly PriceDraft[] {
  return meters
    .filter((meter) => meter.service === service && meter.isPriced)
    .flatMap(({ meter, unit }) => {
      const own = prices.filter((price) => price.service === service && price.meter === meter);
      const drafts = own.map((price): PriceDraft => {
        const tariff = tariffToWire(tariffFromWire(price));
        const shown: Typed = {
          text: writeHumanPrice(tariff, unit),
          isFlat: tariff.per === '0',
          isFee: tariff.due === 'period',
          terms: termsDraftOf(tariff, unit),
        };
        return { meter, where: price.where, ...shown, saved: { ...shown, tariff } };
      });
      const hasBase = drafts.some(({ where }) => Object.keys(where).length === 0);
      return hasBase ? drafts : [{ meter, where: {}, text: '', isFlat: false }, ...drafts];
    });
}

/** The exact price of a row. Undefined where nothing, or no price, is typed. */
export function tariffOf(service: string, draft: PriceDraft): WrittenTariff | undefined {
  const { text, isFlat, isFee = false, terms = noTerms, saved } = draft;
  if (saved !== undefined && typedKey(saved) === typedKey(draft)) return saved.tariff;
  const unit = unitOf(`${service}.${draft.meter}`);
  const read = readHumanPrice(text, isFlat ? 'count' : unit);
  if (read === undefined) return undefined;
  if (!isFlat) return withTerms(read, terms, unit);
  return read.per === '1'
    ? { amount: read.amount, per: '0', ...(isFee ? { due: 'period' as const } : {}) }
    : undefined;
}

/** Why what is typed is no price, or undefined. An empty field is none, and is right. */
export function problemOfDraft(service: string, draft: PriceDraft): string | undefined {
  if (!isMistyped(service, draft)) return undefined;
  const unit = draft.isFlat ? 'count' : unitOf(`${service}.${draft.meter}`);
  const problem = priceProblem(draft.text, unit);
  if (problem !== undefined || draft.isFlat) return problem ?? 'A flat price has at most 9 decimals.';
  return 'Each tier needs a price and begins after more than the one before; counts are digits and one point.';
}

export const isMistyped = (service: string, draft: PriceDraft): boolean =>
  draft.text.trim() !== '' && tariffOf(service, draft) === undefined;

/** The whole of a service's prices, as the API takes it: what is left out ends. */
export function pricesToSet(service: string, drafts: readonly PriceDraft[]): SetPrices {
  const byMeter: Record<string, (WrittenTariff & { where?: Record<string, string> })[]> = {};
  for (const draft of drafts) {
    const tariff = tariffOf(service, draft);
    if (tariff === undefined) continue;
    const where = Object.keys(draft.where).length === 0 ? {} : { where: { ...draft.where } };
    byMeter[draft.meter] = [...(byMeter[draft.meter] ?? []), { ...tariff, ...where }];
  }
  return byMeter;
}
