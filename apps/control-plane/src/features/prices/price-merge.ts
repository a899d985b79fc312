import type { Change } from '../problem/changed-meanwhile.tsx';
import { dimensionText, meterOf } from '../usage/meters.ts';
import { draftKey, type PriceDraft, typedKey } from './price-draft.ts';
import { hasTerms, noTerms } from './terms-draft.ts';

/** What somebody began from, what they made of it, and what is there by now. */
export interface ThreeDrafts {
  readonly base: readonly PriceDraft[];
  readonly mine: readonly PriceDraft[];
  readonly theirs: readonly PriceDraft[];
}

const byKey = (drafts: readonly PriceDraft[]) => new Map(drafts.map((draft) => [draftKey(draft), draft]));

/** Two prices are one only if they are exactly so: what a field shows may be rounded. */
const priceText = (draft: PriceDraft): string => {
  const { saved, text } = draft;
  return saved !== undefined && typedKey(saved) === typedKey(draft)
    ? JSON.stringify(saved.tariff)
    : typedKey({ ...draft, text: text.trim() });
};

const isSame = (one: PriceDraft | undefined, other: PriceDraft | undefined): boolean =>
  (one === undefined || one.text === '' ? '' : priceText(one)) ===
  (other === undefined || other.text === '' ? '' : priceText(other));

/** Price by price: what was typed stays, and what was not touched is as it is now. */
export function mergedDrafts({ base, mine, theirs }: ThreeDrafts): readonly PriceDraft[] {
  const [was, is, typed] = [byKey(base), byKey(theirs), byKey(mine)];
  const keys = [...new Set([...is.keys(), ...typed.keys()])];
  return keys.flatMap((key) => {
    const [draft, now] = [typed.get(key), is.get(key)];
    if (draft === undefined || isSame(draft, was.get(key))) return now === undefined ? [] : [now];
    const { saved: _, ...own } = draft;
    return [now?.saved === undefined ? own : { ...own, saved: now.saved }];
  });
}

/** What is there by now and was not, in words. */
export function changesIn(
  service: string,
  { base, mine, theirs, currency }: ThreeDrafts & { readonly currency: string },
): readonly Change[] {
  const [was, is, typed] = [byKey(base), byKey(theirs), byKey(mine)];
  const textOf = (draft: PriceDraft | undefined) =>
    draft === undefined || draft.text === ''
      ? 'no price of its own'
      : [
          `${draft.text} ${currency}`,
          ...(draft.isFlat ? ['flat'] : []),
          ...(hasTerms(draft.terms ?? noTerms) ? ['with tiers or an allowance'] : []),
        ].join(' ');
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((key) => {
    const [before, after] = [was.get(key), is.get(key)];
    const either = after ?? before;
    if (either === undefined || isSame(before, after)) return [];
    const { meter, where } = either;
    const own = typed.get(key);
    return [
      {
        label: [meterOf(`${service}.${meter}`)?.label ?? meter, dimensionText(where)]
          .filter(Boolean)
          .join(' '),
        before: textOf(before),
        after: textOf(after),
        isContested: !isSame(own, before) && !isSame(own, after),
      },
    ];
  });
}
