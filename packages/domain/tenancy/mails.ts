/** What the platform writes to people. Each letter is a plain function of what it tells; how it looks, its reader's brand says. */

import { logoFor, logoPath, type ShownBrand } from '../branding/brand.ts';

export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface Letter {
  readonly subject: string;
  /** Absent: nobody is greeted, as where an account writes to somebody of its own. */
  readonly greeted?: string;
  readonly says: readonly string[];
  /** `path` is that of a page of the dashboard. */
  readonly link?: { readonly label: string; readonly path: string };
}

/** As whom a letter is written. */
export interface LetterHead {
  readonly brand: ShownBrand;
  /** Where the reader knows the dashboard to be: links lead there. */
  readonly baseUrl: string;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => entities[character] ?? '');

const INK = '#1b2326';
const INK_SOFT = '#556066';
/** The accent of the platform in light, as the pages have it. */
const ACCENT = '#006973';
const LOGO_HEIGHT_PIXELS = 28;

/** A letter in both forms. A name is somebody's own text: it is never markup. */
export function written({ subject, greeted, says, link }: Letter, head: LetterHead): MailText {
  const { brand, baseUrl } = head;
  const paragraphs = [...(greeted === undefined ? [] : [`Hello ${greeted},`]), ...says];
  const url = link && new URL(link.path, baseUrl).href;
  const feet = footOf(brand);
  const body = paragraphs.map((each) => `<p style="margin:0 0 14px">${escaped(each)}</p>`);
  return {
    subject,
    text: [
      ...paragraphs,
      ...(link === undefined ? [] : [`${link.label}: ${url}`]),
      `– ${brand.name}`,
      ...(feet.length === 0 ? [] : [feet.map(({ label, href }) => `${label}: ${href}`).join('\n')]),
    ].join('\n\n'),
    html: [
      `<div style="font:15px/1.5 system-ui,sans-serif;color:${INK};max-width:34rem;margin:0 auto;padding:24px">`,
      headOf(head),
      ...body,
      ...(link === undefined || url === undefined ? [] : [buttonOf(brand, { label: link.label, url })]),
      `<p style="margin:28px 0 0;padding-top:14px;border-top:1px solid #dfe3e5;font-size:13px;color:${INK_SOFT}">`,
      [escaped(brand.name), ...feet.map(anchorOf)].join(' · '),
      '</p>',
      '</div>',
    ].join('\n'),
  };
}

function headOf({ brand, baseUrl }: LetterHead): string {
  const logo = logoFor(brand, 'light');
  const name = escaped(brand.name);
  if (logo === undefined) return `<p style="margin:0 0 22px;font-weight:600">${name}</p>`;
  const width = Math.round((logo.widthPixels / logo.heightPixels) * LOGO_HEIGHT_PIXELS);
  const source = new URL(logoPath(logo.digest), baseUrl).href;
  return `<p style="margin:0 0 22px"><img src="${escaped(source)}" alt="${name}" width="${width}" height="${LOGO_HEIGHT_PIXELS}"></p>`;
}

function buttonOf({ tones }: ShownBrand, { label, url }: { readonly label: string; readonly url: string }) {
  const { accent = ACCENT, accentInk = '#ffffff' } = tones?.light ?? {};
  const style = `display:inline-block;padding:9px 16px;border-radius:6px;background:${accent};color:${accentInk};text-decoration:none;font-weight:600`;
  return `<p style="margin:20px 0"><a href="${escaped(url)}" style="${style}">${escaped(label)}</a></p>`;
}

interface Foot {
  readonly label: string;
  readonly href: string;
}

function footOf({ supportUrl, supportEmail, termsUrl, privacyUrl }: ShownBrand): readonly Foot[] {
  const feet: readonly (Foot | undefined)[] = [
    supportUrl === undefined ? undefined : { label: 'Help', href: supportUrl },
    supportEmail === undefined ? undefined : { label: 'Write to us', href: `mailto:${supportEmail}` },
    termsUrl === undefined ? undefined : { label: 'Terms', href: termsUrl },
    privacyUrl === undefined ? undefined : { label: 'Privacy', href: privacyUrl },
  ];
  return feet.filter((foot) => foot !== undefined);
}

const anchorOf = ({ label, href }: Foot): string =>
  `<a href="${escaped(href)}" style="color:${INK_SOFT}">${escaped(label)}</a>`;

interface Addressed {
  readonly name: string;
  readonly path: string;
}

export const verificationMail = ({ name, path }: Addressed): Letter => ({
  subject: 'Confirm your address',
  greeted: name,
  says: [
    'Please confirm that this address is yours. The link works once, for 24 hours.',
    'If you did not ask for this, nothing happens as long as you do not follow it.',
  ],
  link: { label: 'Confirm the address', path },
});

export const resetMail = ({ name, path }: Addressed): Letter => ({
  subject: 'Set a new password',
  greeted: name,
  says: [
    'Somebody asked for a new password with this address. The link works once, for 30 minutes, and ends every session.',
    'If it was not you, your password stays as it is.',
  ],
  link: { label: 'Set a new password', path },
});

/** In place of a link to set a password, where that would sign nobody in. */
export const organisationSignInMail = ({
  name,
  path,
  organisationName,
}: Addressed & { readonly organisationName: string }): Letter => ({
  subject: 'How you sign in',
  greeted: name,
  says: [
    `Somebody asked for a new password with this address. You need none: ${organisationName} signs you in by its own provider.`,
  ],
  link: { label: 'Sign in with your organisation', path },
});

export const invitationMail = ({
  name,
  accountName,
  path,
}: Addressed & { readonly accountName: string }): Letter => ({
  subject: `You were invited to ${accountName}`,
  greeted: name,
  says: [`You were invited to ${accountName}. The link works once, for 7 days.`],
  link: { label: 'Take the invitation', path },
});

/** Whoever has a passkey is in without a password: its owner has to hear of one that they did not add. */
export const passkeyAddedMail = ({
  name,
  passkeyName,
}: Pick<Addressed, 'name'> & { readonly passkeyName: string }): Letter => ({
  subject: 'A passkey was added',
  greeted: name,
  says: [
    `The passkey “${passkeyName}” signs in as you from now on, without your password.`,
    'If it was not you, remove it under “Sign-in and sessions”, end every session there, and set a new password.',
  ],
});

/** Whoever set it is signed in; whoever else was is no more. */
export const passwordChangedMail = ({ name, path }: Addressed): Letter => ({
  subject: 'Your password was changed',
  greeted: name,
  says: [
    'Your password was changed by somebody who is signed in as you. Every other session of yours has ended.',
    'If it was not you, set a new password now: that ends every session.',
  ],
  link: { label: 'Set a new password', path },
});

/** Without another certificate nobody of the organisation signs in by its provider any more. */
export const certificateEndingMail = ({
  name,
  issuer,
  endsAt,
  isOver,
  path,
}: Addressed & { readonly issuer: string; readonly endsAt: Date; readonly isOver: boolean }): Letter => {
  const day = endsAt.toISOString().slice(0, 10);
  return {
    subject: `The certificate of your sign-in ${isOver ? 'has ended' : `ends on ${day}`}`,
    greeted: name,
    says: [
      `The last signing certificate of ${issuer} that is set ${isOver ? 'ended' : 'ends'} on ${day} (UTC).`,
      'Without another one nobody signs in by your organisation. Get the new one from whoever runs the provider, and set it beside the old one.',
    ],
    link: { label: 'Set a certificate', path },
  };
};

/** Somebody tries passwords from many places. Told once a day: strangers must not fill a mailbox. */
export const manyTriesMail = ({ name, path }: Addressed): Letter => ({
  subject: 'Many wrong passwords were tried',
  greeted: name,
  says: [
    'Somebody tries to sign in as you, from many places and with wrong passwords. They did not get in.',
    'As long as it goes on, your password works only where you signed in before. From elsewhere use a passkey, or set a new password.',
    'You need not do anything. If your password is used elsewhere too, set a new one.',
  ],
  link: { label: 'Set a new password', path },
});

/** A limit was reached; told to somebody of the team that set it. */
export const triggerMail = ({
  triggerName,
  accountName,
  value,
  limit,
  path,
}: {
  readonly triggerName: string;
  /** Of the account that it is about. */
  readonly accountName: string;
  readonly value: string;
  readonly limit: string;
  readonly path: string;
}): Letter => ({
  subject: `${triggerName}: a limit was reached`,
  greeted: 'there',
  says: [`The trigger “${triggerName}” of ${accountName} stands at ${value}, and its limit is ${limit}.`],
  link: { label: 'Look at it', path },
});

const spans = { day: 'a day', month: 'a month', total: 'in all' } as const;
const consequences = {
  notify: 'Nothing else happens.',
  throttle: 'From now on what it relays is slower.',
  stop: 'Nothing begins any more, and what ran has ended.',
} as const;

/** A share of what an account may spend was spent. */
export const spendingMail = ({
  name,
  accountName,
  sharePercent,
  per,
  action,
  spent,
  amount,
  path,
}: Addressed & {
  readonly accountName: string;
  readonly sharePercent: number;
  readonly per: keyof typeof spans;
  readonly action: keyof typeof consequences;
  readonly spent: string;
  readonly amount: string;
}): Letter => ({
  subject: `${accountName} has spent ${sharePercent} % of its limit`,
  greeted: name,
  says: [
    `${accountName} has spent ${spent}. It may spend ${amount} ${spans[per]}.`,
    ...(sharePercent < 100 ? [] : [consequences[action]]),
  ],
  link: { label: 'Look at the limit', path },
});

const whatFollows = {
  mark: 'This was the last reminder.',
  refuse: 'Services with a monthly fee are refused until it is paid.',
  suspend: 'The account is suspended until it is paid.',
} as const;

/** An invoice is due soon, or was and is not paid. `offsetDays` is from then: below zero before. */
export const reminderMail = ({
  name,
  accountName,
  sellerName,
  number,
  amount,
  dueOn,
  offsetDays,
  follows,
  path,
}: Addressed & {
  readonly accountName: string;
  readonly sellerName: string;
  readonly number: string;
  readonly amount: string;
  readonly dueOn: string;
  readonly offsetDays: number;
  readonly follows: keyof typeof whatFollows | undefined;
}): Letter => ({
  subject:
    offsetDays < 0
      ? `Invoice ${number} is due on ${dueOn}`
      : `Invoice ${number} was due on ${dueOn} and is not paid`,
  greeted: name,
  says: [
    offsetDays < 0
      ? `Invoice ${number} of ${sellerName} to ${accountName}, over ${amount}, is due on ${dueOn}.`
      : `Invoice ${number} of ${sellerName} to ${accountName} was due on ${dueOn}. ${amount} of it are not paid.`,
    ...(follows === undefined ? [] : [whatFollows[follows]]),
  ],
  link: { label: 'Look at the invoice and pay', path },
});

/** Nothing is left of what was prepaid. */
export const balanceMail = ({
  name,
  accountName,
  left,
  path,
}: Addressed & { readonly accountName: string; readonly left: string }): Letter => ({
  subject: `The balance of ${accountName} is used up`,
  greeted: name,
  says: [
    `The prepaid balance of ${accountName} is ${left}. Nothing begins any more, and what ran has ended, until money is added.`,
  ],
  link: { label: 'Add money', path },
});

export const failedExportMail = ({
  name,
  accountName,
  path,
}: Pick<Addressed, 'name'> & { readonly accountName: string; readonly path: string }): Letter => ({
  subject: `The export of ${accountName} could not be made`,
  greeted: name,
  says: [
    `The export of ${accountName} that you asked for failed five times within three hours, and was given up.`,
    'Nothing of it is kept. Ask for a new one; if that fails as well, ask whoever runs the platform.',
  ],
  link: { label: 'Ask for a new one', path },
});

/** To the address that was replaced: whoever did not do so has to hear of it. */
export const changedAddressMail = ({ name }: Pick<Addressed, 'name'>): Letter => ({
  subject: 'Your address was changed',
  greeted: name,
  says: [
    'You sign in with another address from now on. This one reaches your account no more.',
    'If it was not you, tell whoever administers your account at once.',
  ],
});

interface AboutProof extends Addressed {
  /** A domain or a host that was proved. */
  readonly provedName: string;
  /** Where its record stood. */
  readonly record: string;
}

/** While there is time: whoever moved their names to another server has perhaps not thought of it. */
export const proofMissingMail = ({ name, provedName, record, path }: AboutProof): Letter => ({
  subject: `The record of ${provedName} is gone`,
  greeted: name,
  says: [
    `We looked three times, a day apart, for the TXT record ${record}, and it is not there any more.`,
    `If it is not back within a day, ${provedName} counts as proved no longer. The page says what it has to say.`,
  ],
  link: { label: 'Look at the record', path },
});

export const proofLostMail = ({ name, provedName, record, path }: AboutProof): Letter => ({
  subject: `${provedName} is proved no longer`,
  greeted: name,
  says: [
    `The TXT record ${record} has been gone for three days. ${provedName} does not count as yours from now on.`,
    'Whoever signed in by it, or came by it, does so no more until it is proved again. Passwords and other ways in work as before.',
  ],
  link: { label: 'Prove it again', path },
});

/** Why the platform gave a webhook up, and how its last request ended. */
export interface WebhookTrouble {
  readonly kind: 'failing' | 'gone' | 'given_up';
  /** Of the last answer. Absent: there was none. */
  readonly status?: number | undefined;
  /** A code such as `timeout`. */
  readonly error?: string | undefined;
}

const whatHappened = {
  failing: {
    subject: 'takes nothing',
    says: [
      'Three requests to it failed in a row.',
      'Each event is tried again for 24 hours. After five days without one success the webhook is disabled.',
    ],
  },
  gone: {
    subject: 'was disabled',
    says: [
      'It said that nobody is there any more, so it was disabled.',
      'Nothing is sent to it until somebody enables it again. Then what waited is sent.',
    ],
  },
  given_up: {
    subject: 'was disabled',
    says: [
      'It took nothing for five days, so it was disabled.',
      'Nothing is sent to it until somebody enables it again. Then what waited is sent.',
    ],
  },
} as const;

/** To those who can mend it: an event of it goes to webhooks, and it may be the only one (HKS-2). */
export const webhookTroubleMail = ({
  name,
  accountName,
  target,
  trouble: { kind, status, error = 'unknown' },
  path,
}: Addressed & {
  readonly accountName: string;
  /** The host of its address, or the operation that it names. */
  readonly target: string;
  readonly trouble: WebhookTrouble;
}): Letter => {
  const { subject, says } = whatHappened[kind];
  const [what, follows] = says;
  const last =
    status === undefined
      ? `The last request got no answer (${error}).`
      : `The last answer had the status ${status}.`;
  return {
    subject: `The webhook at ${target} ${subject}`,
    greeted: name,
    says: [`This is about the webhook of ${accountName} at ${target}. ${what} ${last}`, follows],
    link: { label: 'Look at its deliveries', path },
  };
};
