import type { AccentTones, HexColour } from '@patchbay/domain/branding/accent-tones';
import { contrastOf } from '@patchbay/domain/branding/accent-tones';
import { type ShownBrand, shownBrandOf } from '@patchbay/domain/branding/brand';
import type { Outputs } from '../../trpc/client.ts';

export type OwnBrand = NonNullable<Outputs['brand']['get']['own']>;

/** What the fields hold: each a text, empty for what is not said. */
export interface BrandDraft {
  readonly name: string;
  readonly accent: string;
  readonly supportUrl: string;
  readonly supportEmail: string;
  readonly termsUrl: string;
  readonly privacyUrl: string;
  readonly senderName: string;
  readonly senderAddress: string;
  readonly mainHost: string;
  readonly turnHost: string;
  readonly isSignUpOpen: boolean;
}

const textFields = [
  'accent',
  'supportUrl',
  'supportEmail',
  'termsUrl',
  'privacyUrl',
  'senderName',
  'senderAddress',
  'mainHost',
  'turnHost',
] as const;

export const draftOf = (own: OwnBrand | undefined): BrandDraft => ({
  name: own?.name ?? '',
  accent: own?.accent ?? '',
  supportUrl: own?.supportUrl ?? '',
  supportEmail: own?.supportEmail ?? '',
  termsUrl: own?.termsUrl ?? '',
  privacyUrl: own?.privacyUrl ?? '',
  senderName: own?.senderName ?? '',
  senderAddress: own?.senderAddress ?? '',
  mainHost: own?.mainHost ?? '',
  turnHost: own?.turnHost ?? '',
  isSignUpOpen: own?.isSignUpOpen ?? false,
});

/** As the API takes it: what is empty is left out. */
export const requestOf = (draft: BrandDraft) => ({
  name: draft.name,
  isSignUpOpen: draft.isSignUpOpen,
  ...Object.fromEntries(
    textFields.flatMap((field) => (draft[field] === '' ? [] : [[field, draft[field].trim()]])),
  ),
});

export const colourOf = (text: string): HexColour | undefined =>
  /^#[0-9a-f]{6}$/i.test(text.trim()) ? (text.trim().toLowerCase() as HexColour) : undefined;

/** The draft as those below would meet it. A link that is half written shows as one. */
export const previewOf = (draft: BrandDraft, logos: OwnBrand['logos']): ShownBrand =>
  shownBrandOf({
    accountId: '',
    name: draft.name.trim() === '' ? 'Your brand' : draft.name.trim(),
    accent: colourOf(draft.accent),
    ...Object.fromEntries(
      (['supportUrl', 'supportEmail', 'termsUrl', 'privacyUrl'] as const).flatMap((field) =>
        draft[field] === '' ? [] : [[field, draft[field]]],
      ),
    ),
    isSignUpOpen: draft.isSignUpOpen,
    logos,
  });

export interface Verdict {
  readonly theme: 'light' | 'dark';
  readonly isKept: boolean;
  readonly used: HexColour;
  /** Of the chosen colour and of the one that is used, as text on the page. */
  readonly chosenRatio: number;
  readonly usedRatio: number;
}

/** The ground of a page in each theme, as far as a contrast is told to a tenth. */
const grounds = { light: '#fdfdfd', dark: '#0f1214' } as const;

/** Whether a colour is readable as it was chosen, and what it became. */
export const verdictsOf = (chosen: HexColour, tones: AccentTones): readonly Verdict[] =>
  (['light', 'dark'] as const).map((theme) => {
    const used = tones[theme].accent;
    return {
      theme,
      isKept: used === chosen,
      used,
      chosenRatio: contrastOf(chosen, grounds[theme]),
      usedRatio: contrastOf(used, grounds[theme]),
    };
  });
