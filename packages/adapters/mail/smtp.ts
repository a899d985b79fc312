import { createTransport } from 'nodemailer';
import type { MailTransport } from './delivery.ts';
import type { MailSender } from './outbox.ts';

const TIMEOUT_MS = 10_000;

export interface SmtpOptions {
  /** Of the platform's own mails, such as Northwind <no-reply@northwind.example>. */
  readonly from: string;
  /** Of mails in a brand whose own address is not proved: one that names nobody. */
  readonly neutralFrom: string | undefined;
}

/** @param url such as smtps://user:password@mail.example:465 */
export function smtpTransport(url: string, options: SmtpOptions): MailTransport {
  const transporter = createTransport({
    url,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // A mail is what we wrote: nothing in it names a file or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return async ({ sender, ...mail }) => {
    await transporter.sendMail({ from: fromOf(sender, options), ...mail });
  };
}

/** As a name and an address, which the library quotes: nothing in a name is another header. */
export function fromOf(
  sender: MailSender | undefined,
  { from, neutralFrom }: SmtpOptions,
): string | { readonly name: string; readonly address: string } {
  if (sender === undefined) return from;
  return { name: sender.name, address: sender.address ?? addressIn(neutralFrom ?? from) };
}

const addressIn = (from: string): string => /<([^<>]+)>/.exec(from)?.[1] ?? from;
