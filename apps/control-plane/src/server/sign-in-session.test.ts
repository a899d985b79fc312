import { encode } from 'next-auth/jwt';
import { expect, test, vi } from 'vitest';
import { sessionCookie, signInSessionOf } from './sign-in-session.ts';

const secret = 'a secret of this test';
vi.stubEnv('NEXTAUTH_SECRET', secret);
const sent = async (name: string) => {
  const token = await encode({ token: { signInSessionId: 'sin_1' }, secret });
  return { headers: new Headers({ cookie: `theme=dark; ${name}=${token}` }) };
};

test('C12: over TLS the cookie of a sign-in is bound to the host that set it, and no other name is taken', async () => {
  const { name, options } = sessionCookie('https://patchbay.example');
  // What a browser asks of the prefix: Secure, the whole path, and no domain.
  expect(name).toMatch(/^__Host-/);
  expect(options).toEqual({ httpOnly: true, sameSite: 'lax', path: '/', secure: true });
  const publicUrl = 'https://patchbay.example';
  expect(await signInSessionOf(await sent(name), publicUrl)).toBe('sin_1');
  for (const other of ['__Secure-next-auth.session-token', 'next-auth.session-token'])
    expect(await signInSessionOf(await sent(other), publicUrl), other).toBeUndefined();
});

test('without TLS, on the machine itself, the cookie has no prefix: no browser would take it', async () => {
  const publicUrl = 'http://localhost:3000';
  const { name, options } = sessionCookie(publicUrl);
  expect([name, options.secure]).toEqual(['next-auth.session-token', false]);
  expect(await signInSessionOf(await sent(name), publicUrl)).toBe('sin_1');
});
