/** The React parts: on a server, and under StrictMode in a real browser. */
import { renderToString } from 'react-dom/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CallSite } from '../testing/call-site.ts';
import { TokenSource } from './index.ts';
import {
  PatchbayProvider,
  PreJoin,
  useCall,
  useChannel,
  useDevices,
  usePresence,
  VideoTile,
} from './react.tsx';

const site = new CallSite();
beforeAll(() => site.start(), 60_000);
afterAll(() => site.stop());

function Everything() {
  const { state } = useCall();
  const { cameras } = useDevices();
  const { messages } = useChannel('news');
  const { members } = usePresence('news');
  return (
    <>
      {state} {cameras.length} {messages.length} {members.length}
      <VideoTile label="me" />
      <PreJoin onJoin={() => undefined} />
    </>
  );
}

describe('React (SDK-1)', () => {
  it('renders on a server without asking for a token, a device or a window', () => {
    let asked = 0;
    const token = TokenSource.custom(() => {
      asked += 1;
      return Promise.reject(new Error('not on a server'));
    });
    const html = renderToString(
      <PatchbayProvider token={token}>
        <Everything />
      </PatchbayProvider>,
    );
    expect(html).toContain('idle');
    expect(html).toContain('<video');
    expect(asked).toBe(0);
  });

  it('under StrictMode one client stays, a call is answered, muted and ended', async () => {
    const rita = await site.openPage('react&as=rita');
    const text = (selector: string, expected: string) =>
      rita.waitForFunction(
        ({ where, what }) => document.querySelector(where)?.textContent === what,
        { where: selector, what: expected },
        { timeout: 20_000 },
      );
    await text('#client', 'there');
    await text('#cameras', '1');
    await rita.locator('[data-patchbay=pre-join] > button:enabled').click();
    const sam = await site.open('sam');
    expect(await sam.do('call', 'user:rita', { video: true })).toBe('ringing');
    // A second client would ring as well, and its connection would count.
    await rita.locator('#accept').click();
    await text('#state', 'connected');
    await sam.sees('connected:direct');
    await rita.waitForFunction(
      () => (document.querySelector<HTMLVideoElement>('[aria-label=them]')?.currentTime ?? 0) > 0.5,
      undefined,
      { timeout: 20_000 },
    );
    await rita.locator('#mute').click();
    await text('#mute', 'muted');
    await sam.sees('media:{"audio":false,"video":true,"screen":false}');
    await sam.do('hangUp');
    await text('#state', 'idle');
    await text('#reason', 'signaling.hung_up');
  }, 60_000);
});
