import { expect, test } from 'vitest';
import { hasOpenOutbox } from './open-outbox.ts';

test('the outbox is open on a loopback address without SMTP, and nowhere else', () => {
  const urls = { 'http://localhost:3000': true, 'http://127.0.0.1': true, 'https://patchbay.example': false };
  for (const [PATCHBAY_URL, isOpen] of Object.entries(urls)) {
    expect(hasOpenOutbox({ PATCHBAY_URL, SMTP_URL: undefined }), PATCHBAY_URL).toBe(isOpen);
    expect(hasOpenOutbox({ PATCHBAY_URL, SMTP_URL: 'smtp://mail.example' }), PATCHBAY_URL).toBe(false);
  }
});
