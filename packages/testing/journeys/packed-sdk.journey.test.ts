/**
 * The three packages as a customer gets them: packed, installed into projects that their frameworks' own generators made,
 * outside the workspace, with the code of docs/first-call.md as it stands. They call each other through the platform.
 */
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, launchBrowser } from '../src/browser.ts';
import { documentedFiles } from '../src/documented-code.ts';
import { freeTcpPort } from '../src/free-port.ts';
import { packPackages } from '../src/packed-packages.ts';
import { type RunningPlatform, startPlatform } from '../src/running-platform.ts';
import { type RunningProgram, ScratchProject } from '../src/scratch-project.ts';
import { until } from '../src/until.ts';

const chromiumPath = findChromium();
const root = path.resolve(import.meta.dirname, '../../..');
const documented = documentedFiles('docs/first-call.md');

/** Pinned, so that a run is the same tomorrow; Next's framework and React are then set to the versions that we serve. */
const CREATE_VITE = 'create-vite@9.3.0';
const CREATE_NEXT = 'create-next-app@16.4.3';
const VITE_FLAGS = ['--no-interactive'];
/** As its prompt suggests, without what plays no part: a linter, and fonts that the build would fetch. */
const NEXT_FLAGS = [
  ...['--ts', '--app', '--empty', '--no-linter', '--no-tailwind', '--no-src-dir', '--no-react-compiler'],
  ...['--no-agents-md', '--import-alias', '@/*', '--use-npm', '--skip-install', '--disable-git', '--yes'],
];

describe.skipIf(chromiumPath === undefined)('the packed SDKs, in projects of somebody else', () => {
  const folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'patchbay-customer-'));
  const project = (name: string) => new ScratchProject(path.join(folder, name));
  const vanilla = project('vanilla');
  const react = project('react');
  const next = project('next');
  const node = project('node');
  const pages: CustomerPage[] = [];
  let platform: RunningPlatform;
  let browser: Browser;
  let tokenPort: number;
  let origins: { readonly vanilla: string; readonly react: string; readonly next: string };

  beforeAll(async () => {
    const tarballs = await packPackages(['sdk', 'sdk-browser', 'sdk-node'], folder);
    platform = await startPlatform();
    const packed = (...names: readonly string[]) =>
      names.map((name) => tarballs.get(`@patchbay/${name}`) ?? `no tarball of ${name}`);
    tokenPort = await freeTcpPort();
    await makeVanilla(packed('sdk', 'sdk-browser'));
    await makeReact(packed('sdk', 'sdk-browser'));
    await makeNext(packed('sdk', 'sdk-browser', 'sdk-node'));
    await node.install([
      ...packed('sdk', 'sdk-node'),
      `@roamhq/wrtc@${versionIn('packages/sdk-node', '@roamhq/wrtc')}`,
    ]);
    follow(node, { 'server.mjs': 'node/server.mjs', 'greeter.mjs': 'node/greeter.mjs' });
    node.write('greeter.cjs', asCommonJs(node.read('greeter.mjs')));
    origins = await serve();
    browser = await launchBrowser(chromiumPath ?? '');
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    for (const each of [vanilla, react, next, node]) await each.stop();
    await platform?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);

  /** Writes files of the page of documentation. The one port in them is one that is free here. */
  function follow(into: ScratchProject, files: Readonly<Record<string, string>>): void {
    for (const [file, title] of Object.entries(files))
      into.write(file, codeOf(title).replace('3001', String(tokenPort)));
  }

  async function makeVanilla(tarballs: readonly string[]): Promise<void> {
    await vanilla.generate(CREATE_VITE, ['--template', 'vanilla-ts', ...VITE_FLAGS]);
    await vanilla.install(tarballs);
    follow(vanilla, {
      'vite.config.ts': 'vite/vite.config.ts',
      'src/page.ts': 'vite/src/page.ts',
      'src/main.ts': 'vite/src/main.ts',
    });
    const body = `<body>\n${codeOf('vite/index.html')}</body>`;
    vanilla.write('index.html', vanilla.read('index.html').replace(/<body>.*<\/body>/s, body));
    await vanilla.script('build');
  }

  async function makeReact(tarballs: readonly string[]): Promise<void> {
    await react.generate(CREATE_VITE, ['--template', 'react-ts', ...VITE_FLAGS]);
    await react.install(tarballs);
    follow(react, {
      'vite.config.ts': 'vite-react/vite.config.ts',
      'src/phone.tsx': 'react/phone.tsx',
      'src/App.tsx': 'vite-react/src/App.tsx',
    });
    await react.script('build');
  }

  async function makeNext(tarballs: readonly string[]): Promise<void> {
    await next.generate(CREATE_NEXT, NEXT_FLAGS);
    const served = ['next', 'react', 'react-dom'].map(
      (name) => `${name}@${versionIn('apps/control-plane', name)}`,
    );
    await next.install([...served, ...tarballs]);
    follow(next, {
      'sign-in.ts': 'next/sign-in.ts',
      'app/api/token/route.ts': 'next/app/api/token/route.ts',
      'app/phone.tsx': 'react/phone.tsx',
      'app/page.tsx': 'next/app/page.tsx',
    });
    // Where it is built there is no key.
    await next.script('build');
  }

  /** The built pages of two, and the development server of the third, where StrictMode mounts everything twice. */
  async function serve() {
    const ports = await Promise.all([freeTcpPort(), freeTcpPort(), freeTcpPort()]);
    const vite = (verb: string, port: number) => [
      'node',
      'node_modules/vite/bin/vite.js',
      verb,
      '--host',
      '127.0.0.1',
      '--strictPort',
      '--port',
      `${port}`,
    ];
    node.start(['node', 'server.mjs'], platform.env);
    vanilla.start(vite('preview', ports[0]));
    react.start(vite('dev', ports[1]));
    next.start(
      ['node', 'node_modules/next/dist/bin/next', 'start', '-H', '127.0.0.1', '-p', `${ports[2]}`],
      platform.env,
    );
    const [forVanilla = '', forReact = '', forNext = ''] = ports.map((port) => `http://127.0.0.1:${port}`);
    for (const origin of [forVanilla, forReact, forNext])
      await until(async () => (await fetch(origin)).ok, { what: `${origin} to answer`, timeoutMs: 20_000 });
    return { vanilla: forVanilla, react: forReact, next: forNext };
  }

  async function open(origin: string, user: string): Promise<CustomerPage> {
    const opened = await CustomerPage.open(browser, `${origin}/?user=${user}`);
    pages.push(opened);
    return opened;
  }

  test('the ten lines in a page of Vite call a React page of Next.js, and both see each other (SDK-1, SDK-2)', async () => {
    const bob = await open(origins.next, 'bob');
    await bob.isReady();
    const alice = await open(origins.vanilla, 'alice');
    await bob.press('Answer alice');
    await Promise.all([alice.receives('video'), bob.receives('video')]);
    await Promise.all([alice.receives('audio'), bob.receives('audio')]);
    await Promise.all([alice.playsBoth(), bob.playsBoth()]);

    await bob.press('Hang up');
    const link = alice.page.locator('#ended');
    await until(async () => (await link.textContent()) === 'signaling.hung_up', {
      what: 'the reason to be shown',
    });
    const help = await fetch((await link.getAttribute('href')) ?? '');
    expect([help.status, await help.text()]).toEqual([200, expect.stringContaining('signaling.hung_up')]);
    for (const party of [alice, bob]) await party.close();
  }, 120_000);

  test('a React page of Next.js calls one of Vite in development, where StrictMode mounts it twice (SDK-1)', async () => {
    const bob = await open(origins.react, 'bob');
    await bob.isReady();
    const alice = await open(origins.next, 'alice');
    await alice.isReady();
    await alice.press('Call Bob');
    await bob.press('Answer alice');
    await Promise.all([alice.receives('video'), bob.receives('video')]);
    await Promise.all([alice.playsBoth(), bob.playsBoth()]);
    for (const party of [alice, bob]) await party.close();
  }, 120_000);

  test.each(['greeter.mjs', 'greeter.cjs'])(
    'a Node process calls a page: %s (SDK-1)',
    async (program) => {
      const bob = await open(origins.react, 'bob');
      await bob.isReady();
      const greeter: RunningProgram = node.start(['node', program], platform.env);
      await bob.press('Answer greeter');
      await Promise.all([bob.receives('audio'), greeter.prints('connected'), greeter.prints('heard')]);
      await bob.press('Hang up');
      await greeter.prints('disconnected signaling.hung_up');
      await bob.close();
    },
    60_000,
  );

  test('Next.js renders the page on its server, where there is no window', async () => {
    const html = await (await fetch(origins.next)).text();
    expect(html).toContain('Call Bob');
  });

  test('none of their consoles says that anything is wrong', () => {
    expect(pages.length).toBeGreaterThan(4);
    expect(pages.flatMap(({ complaints }) => complaints)).toEqual([]);
  });
});

/** One window of a browser of its own, at the page of a customer. */
class CustomerPage {
  readonly page: Page;
  /** What its console holds of errors and warnings, and what nobody caught. */
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      const { url } = message.location();
      // The empty template of Next.js has no icon, and the browser asks for one.
      const isAboutIcon = url.endsWith('/favicon.ico');
      if (['error', 'warning'].includes(message.type()) && !isAboutIcon)
        this.complaints.push(`${message.text()} (${url})`);
    });
  }

  static async open(browser: Browser, address: string): Promise<CustomerPage> {
    const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
    const opened = new CustomerPage(context, await context.newPage());
    await opened.page.addInitScript(keepConnections);
    await opened.page.goto(address);
    return opened;
  }

  press(name: string): Promise<void> {
    return this.page.getByRole('button', { name }).click({ timeout: 20_000 });
  }

  /** A page that cannot be called yet has not opened its WebSocket, or was not yet told that it is welcome. */
  async isReady(): Promise<void> {
    await until(() => this.page.evaluate(() => 'welcomed' in globalThis), {
      what: 'the page to be connected',
    });
  }

  /** Waits until its own statistics say that this arrives, and goes on arriving. */
  async receives(kind: 'audio' | 'video'): Promise<void> {
    const first = await until(async () => (await this.#received(kind)) || undefined, {
      what: `${kind} to arrive`,
      timeoutMs: 20_000,
    });
    const grows = async () => (await this.#received(kind)) > first;
    await until(grows, { what: `${kind} to go on`, timeoutMs: 5_000 });
  }

  /** Waits until the picture of each party moves. */
  async playsBoth(): Promise<void> {
    const moving = () =>
      this.page.evaluate(() => {
        const videos = [...document.querySelectorAll('video')];
        return videos.filter((video) => video.videoWidth > 0 && video.currentTime > 0.5).length;
      });
    await until(async () => (await moving()) === 2, { what: 'both pictures to move' });
  }

  /** Frames decoded, or samples of sound played: bytes alone would not be a picture. */
  #received(kind: 'audio' | 'video'): Promise<number> {
    return this.page.evaluate(async (wanted) => {
      const { keptConnections } = globalThis as unknown as { keptConnections: RTCPeerConnection[] };
      let received = 0;
      for (const connection of keptConnections)
        for (const report of (await connection.getStats()).values())
          if (report.type === 'inbound-rtp' && report.kind === wanted)
            received += wanted === 'video' ? report.framesDecoded : report.totalSamplesReceived;
      return received;
    }, kind);
  }

  close(): Promise<void> {
    return this.#context.close();
  }
}

/** Runs in the page before its scripts: keeps every connection, so that its own statistics can be read. */
function keepConnections() {
  const kept: RTCPeerConnection[] = [];
  const Connection = globalThis.RTCPeerConnection;
  const Socket = globalThis.WebSocket;
  Object.assign(globalThis, {
    keptConnections: kept,
    RTCPeerConnection: class extends Connection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        kept.push(this);
      }
    },
    WebSocket: class extends Socket {
      constructor(address: string | URL, protocols?: string | string[]) {
        super(address, protocols);
        this.addEventListener('message', ({ data }) => {
          if (String(data).includes('"authenticated"')) Object.assign(globalThis, { welcomed: true });
        });
      }
    },
  });
}

function codeOf(title: string): string {
  const code = documented.get(title);
  if (code === undefined) throw new Error(`docs/first-call.md has no block ${title}.`);
  return code;
}

/** The version that a package of ours pins. */
function versionIn(at: string, name: string): string {
  const manifest = JSON.parse(readFileSync(path.join(root, at, 'package.json'), 'utf8'));
  return { ...manifest.dependencies, ...manifest.devDependencies }[name];
}

/** The same program for the other module system. */
function asCommonJs(module: string): string {
  const required = module.replace(/^import (.+) from ('.+');$/gm, 'const $1 = require($2);');
  const [heads, body] = [
    required.match(/^const .+require.+$/gm) ?? [],
    required.replace(/^const .+require.+$/gm, ''),
  ];
  return [...heads, 'async function main() {', body, '}', 'void main();'].join('\n');
}
