import { createTransport } from 'nodemailer';
import type { MailTransport } from './delivery.ts';

const TIMEOUT_MS = 10_000;

/** @param url such as smtps://user:password@mail.example:465 */
export function smtpTransport(url: string, from: string): MailTransport {
  const transporter = createTransport({
    url,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // A mail is what we wrote: nothing in it names a file or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return async (mail) => {
    await transporter.sendMail({ from, ...mail });
  };
}
