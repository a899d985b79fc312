import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findChromium, launchBrowser } from '@patchbay/testing/browser';
import type { Browser, Page } from 'playwright-core';
import { build } from 'tsup';
import { startSignaling } from '../../../apps/media-node/src/signaling/signaling-server.ts';
import {
  type MemoryCredential,
  MemoryPlatform,
} from '../../../apps/media-node/src/signaling/testing/memory-platform.ts';
import type { CallPage } from './call-page.ts';

/** A page, its token endpoint, real signaling on a platform in memory, and a real browser. */
export class CallSite {
  readonly platform = new MemoryPlatform();
  limits: MemoryCredential['limits'] = {};
  readonly #stops: (() => unknown)[] = [];
  #browser: Browser | undefined;
  #origin = '';
  /** How often each identity asked for a token. */
  readonly tokensAsked = new Map<string, number>();

  async start(): Promise<void> {
    const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-call-page-'));
    this.#stops.push(() => rmSync(folder, { recursive: true, force: true }));
    await build({
      config: false,
      tsconfig: path.join(import.meta.dirname, '../tsconfig.json'),
      silent: true,
      entry: ['call-page.ts', 'react-page.tsx'].map((name) => path.join(import.meta.dirname, name)),
      splitting: false,
      env: { NODE_ENV: 'development' },
      format: ['esm'],
      platform: 'browser',
      noExternal: [/./],
      outDir: folder,
    });
    const log = { info() {}, warn() {}, error() {} };
    const listen = { host: '127.0.0.1', port: 0 };
    const signaling = await startSignaling({ listen, platform: this.platform, region: 'eu', log });
    this.#stops.push(() => signaling.stop());
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://site');
      if (url.pathname.endsWith('.js')) {
        const script = readFileSync(path.join(folder, path.basename(url.pathname)));
        response.setHeader('content-type', 'text/javascript').end(script);
      } else if (url.pathname === '/api/token') {
        const identity = url.searchParams.get('as') ?? '';
        this.tokensAsked.set(identity, (this.tokensAsked.get(identity) ?? 0) + 1);
        const { limits } = this;
        const expiresAtMs = limits?.expiresAtMs ?? Date.now() + 600_000;
        const token = this.platform.token({ identity, limits: { ...limits, expiresAtMs } });
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ token, signalUrl: `ws://127.0.0.1:${signaling.port}`, expiresAtMs }));
      } else {
        const script = url.searchParams.has('react') ? 'react-page.js' : 'call-page.js';
        const body = url.searchParams.has('react') ? '<main></main>' : '<video muted></video>';
        response
          .setHeader('content-type', 'text/html')
          .end(`<!doctype html>${body}<script type="module" src="/${script}"></script>`);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    this.#origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    this.#stops.push(() => server.close());
    const chromium = findChromium();
    if (chromium === undefined) throw new Error('No Chromium is installed.');
    this.#browser = await launchBrowser(chromium);
    this.#stops.push(() => this.#browser?.close());
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop();
  }

  async openPage(query: string): Promise<Page> {
    const page = await this.#browser?.newPage();
    if (page === undefined) throw new Error('The site was not started.');
    await page.goto(`${this.#origin}/?${query}`);
    return page;
  }

  async open(identity: string, query = ''): Promise<TestParty> {
    const page = await this.openPage(`as=${identity}${query}`);
    const party = new TestParty(page);
    await party.sees(`pb:connected:${identity}`);
    return party;
  }
}

/** One browser page with one party in it. */
export class TestParty {
  readonly page: Page;
  constructor(page: Page) {
    this.page = page;
  }

  do<Name extends keyof CallPage>(
    name: Name,
    ...given: CallPage[Name] extends (...parameters: infer Parameters) => unknown ? Parameters : []
  ): Promise<CallPage[Name] extends (...parameters: never) => infer Result ? Awaited<Result> : never> {
    const act = ({ action, parameters }: { action: string; parameters: unknown[] }) => {
      const { page } = window as unknown as { page: Record<string, (...each: unknown[]) => unknown> };
      return page[action]?.(...parameters);
    };
    return this.page.evaluate(act, { action: name, parameters: given }) as never;
  }

  /** Waits until the page has seen this event, as often as said. */
  async sees(event: string, count = 1): Promise<void> {
    const isSeen = ({ wanted, times }: { wanted: string; times: number }) => {
      const { page } = window as unknown as { page?: { seen: string[] } };
      return (page?.seen.filter((each) => each === wanted).length ?? 0) >= times;
    };
    try {
      await this.page.waitForFunction(isSeen, { wanted: event, times: count }, { timeout: 20_000 });
    } catch {
      throw new Error(`Not seen: ${event}. Seen: ${(await this.seen()).join(', ')}`);
    }
  }

  seen(): Promise<readonly string[]> {
    return this.page.evaluate(() => (window as unknown as { page: { seen: string[] } }).page.seen);
  }

  /** Waits until the picture of the other party moved on by this much. */
  async plays(seconds: number): Promise<void> {
    const { videoTimeSeconds } = await this.do('state');
    const isPast = (until: number) => (document.querySelector('video')?.currentTime ?? 0) >= until;
    await this.page.waitForFunction(isPast, videoTimeSeconds + seconds, { timeout: 20_000 });
  }
}
