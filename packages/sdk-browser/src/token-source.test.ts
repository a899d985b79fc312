import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { TokenSource } from './token-source.ts';

const { signal } = new AbortController();
const token = { token: 'user.mac', signalUrl: 'wss://signal.test', expiresAtMs: 1 };
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function answering(status: number, body: unknown): Promise<string> {
  const server = createServer((request, response) => {
    response.writeHead(request.method === 'POST' ? status : 405).end(JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/api/token`;
}

describe('TokenSource', () => {
  it('endpoint gives what the application answers', async () => {
    expect(await TokenSource.endpoint(await answering(200, token)).fetchToken(signal)).toEqual(token);
  });

  it('a refusal of the application is an error with its code and status', async () => {
    const url = await answering(401, {
      code: 'auth.missing',
      detail: 'Sign in first.',
      type: '/docs/errors/auth.missing',
    });
    const refused = TokenSource.endpoint(url).fetchToken(signal);
    await expect(refused).rejects.toMatchObject({
      code: 'auth.missing',
      status: 401,
      message: 'Sign in first.',
    });
  });

  it('a secret key is refused with the reason, wherever it comes from', async () => {
    const secret = { ...token, token: 'pb_live_0123.4567' };
    await expect(TokenSource.literal(secret).fetchToken(signal)).rejects.toMatchObject({
      code: 'client.secret_in_browser',
    });
    await expect(TokenSource.custom(() => Promise.resolve(secret)).fetchToken(signal)).rejects.toThrow(
      /secret key/,
    );
  });

  it('what is no token is told, not sent', async () => {
    for (const wrong of [{ ...token, token: 'x' }, { ...token, signalUrl: 'https://x' }, null]) {
      const url = await answering(200, wrong);
      await expect(TokenSource.endpoint(url).fetchToken(signal)).rejects.toMatchObject({
        code: 'client.token_invalid',
      });
    }
  });

  it('development works on no other host than localhost', async () => {
    await expect(TokenSource.development({ identity: 'bob' }).fetchToken(signal)).rejects.toMatchObject({
      code: 'client.development_only',
    });
  });
});
