import type { ShownMail } from '@patchbay/adapters/mail/outbox';
import type { ReactNode } from 'react';
import { showMoment } from '../../formats/time.ts';
import { linkOf } from './mail-link.ts';

/** The newest mails, each with the link that is in it. */
export function Outbox({ mails }: { readonly mails: readonly ShownMail[] }): ReactNode {
  if (mails.length === 0) return <p className="text-ink-soft">Nothing was written yet.</p>;
  return (
    <ul className="grid">
      {mails.map(({ id, recipient, subject, text = '', sender, createdAt }) => {
        const link = linkOf(text);
        return (
          <li key={id} className="border-t py-3">
            <div className="font-medium wrap-anywhere">{subject}</div>
            <div className="text-sm break-all text-ink-soft">
              {recipient} · {showMoment(createdAt.toISOString())}
              {sender === undefined ? null : ` · from ${sender.name}`}
            </div>
            {link === undefined ? null : (
              <a
                href={link.path}
                data-recipient={recipient}
                className="mt-1 inline-block font-medium text-accent hover:underline"
              >
                {link.label}
              </a>
            )}
          </li>
        );
      })}
    </ul>
  );
}
