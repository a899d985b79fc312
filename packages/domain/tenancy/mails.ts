/** What the platform writes to people. Each mail is a plain function of what it tells. */

export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

interface Letter {
  readonly subject: string;
  readonly greeted: string;
  readonly says: readonly string[];
  readonly link?: { readonly label: string; readonly url: string };
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => entities[character] ?? '');

/** A name is somebody's own text: it is never markup. */
function letter({ subject, greeted, says, link }: Letter): MailText {
  const greeting = `Hello ${greeted},`;
  const paragraphs = [greeting, ...says].map((each) => `<p>${escaped(each)}</p>`);
  const button =
    link === undefined ? [] : [`<p><a href="${escaped(link.url)}">${escaped(link.label)}</a></p>`];
  return {
    subject,
    text: [greeting, ...says, ...(link === undefined ? [] : [`${link.label}: ${link.url}`])].join('\n\n'),
    html: [...paragraphs, ...button].join('\n'),
  };
}

interface Addressed {
  readonly name: string;
  readonly url: string;
}

export const verificationMail = ({ name, url }: Addressed): MailText =>
  letter({
    subject: 'Confirm your address',
    greeted: name,
    says: [
      'Please confirm that this address is yours. The link works once, for 24 hours.',
      'If you did not ask for this, nothing happens as long as you do not follow it.',
    ],
    link: { label: 'Confirm the address', url },
  });

export const resetMail = ({ name, url }: Addressed): MailText =>
  letter({
    subject: 'Set a new password',
    greeted: name,
    says: [
      'Somebody asked for a new password with this address. The link works once, for 30 minutes, and ends every session.',
      'If it was not you, your password stays as it is.',
    ],
    link: { label: 'Set a new password', url },
  });

/** In place of a link to set a password, where that would sign nobody in. */
export const organisationSignInMail = ({
  name,
  url,
  organisationName,
}: Addressed & { readonly organisationName: string }): MailText =>
  letter({
    subject: 'How you sign in',
    greeted: name,
    says: [
      `Somebody asked for a new password with this address. You need none: ${organisationName} signs you in by its own provider.`,
    ],
    link: { label: 'Sign in with your organisation', url },
  });

export const invitationMail = ({
  name,
  accountName,
  url,
}: Addressed & { readonly accountName: string }): MailText =>
  letter({
    subject: `You were invited to ${accountName}`,
    greeted: name,
    says: [`You were invited to ${accountName}. The link works once, for 7 days.`],
    link: { label: 'Take the invitation', url },
  });

/** Whoever has a passkey is in without a password: its owner has to hear of one that they did not add. */
export const passkeyAddedMail = ({
  name,
  passkeyName,
}: Pick<Addressed, 'name'> & { readonly passkeyName: string }): MailText =>
  letter({
    subject: 'A passkey was added',
    greeted: name,
    says: [
      `The passkey “${passkeyName}” signs in as you from now on, without your password.`,
      'If it was not you, remove it under “Sign-in and sessions”, end every session there, and set a new password.',
    ],
  });

/** Somebody tries passwords from many places. Told once a day: strangers must not fill a mailbox. */
export const manyTriesMail = ({ name, url }: Addressed): MailText =>
  letter({
    subject: 'Many wrong passwords were tried',
    greeted: name,
    says: [
      'Somebody tries to sign in as you, from many places and with wrong passwords. They did not get in.',
      'As long as it goes on, your password works only where you signed in before. From elsewhere use a passkey, or set a new password.',
      'You need not do anything. If your password is used elsewhere too, set a new one.',
    ],
    link: { label: 'Set a new password', url },
  });

/** A limit was reached; told to somebody of the team that set it. */
export const triggerMail = ({
  triggerName,
  accountName,
  value,
  limit,
  url,
}: {
  readonly triggerName: string;
  /** Of the account that it is about. */
  readonly accountName: string;
  readonly value: string;
  readonly limit: string;
  readonly url: string;
}): MailText =>
  letter({
    subject: `${triggerName}: a limit was reached`,
    greeted: 'there',
    says: [`The trigger “${triggerName}” of ${accountName} stands at ${value}, and its limit is ${limit}.`],
    link: { label: 'Look at it', url },
  });

/** To the address that was replaced: whoever did not do so has to hear of it. */
export const changedAddressMail = ({ name }: Pick<Addressed, 'name'>): MailText =>
  letter({
    subject: 'Your address was changed',
    greeted: name,
    says: [
      'You sign in with another address from now on. This one reaches your account no more.',
      'If it was not you, tell whoever administers your account at once.',
    ],
  });
