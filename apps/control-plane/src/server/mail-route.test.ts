import { expect, test } from 'vitest';
import { mailRouteOf } from './mail-route.ts';

test('mails are shown on a loopback address without SMTP, and nowhere else', () => {
  const urls = {
    'http://localhost:3000': 'outbox',
    'http://127.0.0.1': 'outbox',
    'https://patchbay.example': 'none',
  };
  for (const [PATCHBAY_URL, route] of Object.entries(urls)) {
    expect(mailRouteOf({ PATCHBAY_URL, SMTP_URL: undefined }), PATCHBAY_URL).toBe(route);
    expect(mailRouteOf({ PATCHBAY_URL, SMTP_URL: 'smtp://mail.example' }), PATCHBAY_URL).toBe('smtp');
  }
});
