import { expect, test } from 'vitest';
import { qrCodeOf } from './qr-code.ts';

test('a code is a square of a size that QR codes have, and says its text and no other', () => {
  const uri =
    'otpauth://totp/Patchbay:ada%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Patchbay';
  const { path, size } = qrCodeOf(uri);
  expect((size - 17) % 4).toBe(0);
  // The finder pattern in the first corner begins with a dark square.
  expect(path).toMatch(/^M/);
  expect(path).not.toBe(qrCodeOf(uri.replace('JBSW', 'KBSW')).path);
});
