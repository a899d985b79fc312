import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AskedMode, SessionChange } from '@patchbay/domain/sessions/control';
import { until } from '@patchbay/testing/until';
import { CallSite, type TestParty } from '../../../../../packages/sdk-browser/testing/call-site.ts';
import { MediaLines, MediaNodeLines } from '../../platform/media-line.ts';
import { NodeIdentity } from '../../platform/node-identity.ts';
import { SignalingLinks } from '../../platform/node-link.ts';
import { MediaHost } from '../media-host.ts';

const nodeId = 'nod_media';
const CONNECT_MS_MAX = 10_000;

/** The longest pauses that a party saw and heard, and how much it did see and hear. */
export interface Gaps {
  readonly pictureMs: number;
  readonly soundMs: number;
  readonly heardMs: number;
  readonly sawCount: number;
}

/** Chromium, signaling, the line and shards with WebRTC: all that a call of two needs to move between its modes. */
export class MovingSite {
  readonly site = new CallSite();
  readonly #stops: (() => unknown)[] = [];
  readonly #parties: TestParty[] = [];
  #host: MediaHost | undefined;
  #callCount = 0;

  async start(): Promise<void> {
    const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-media-'));
    this.#stops.push(() => rmSync(folder, { recursive: true }));
    const identity = NodeIdentity.open(folder);
    identity.enrolled(nodeId);
    const media = new MediaLines({
      publicKeyOf: async () => identity.publicKey,
      onNotice: (notice) => this.site.platform.tell(notice),
    });
    this.#stops.push(() => media.stop());
    const links = await SignalingLinks.listen({
      listen: { host: '127.0.0.1', port: 0 },
      publicKeyOf: async () => undefined,
      onEvent: () => {},
      onMedia: (socket) => media.accept(socket),
      liveSessions: () => [],
    });
    this.#stops.push(() => links.stop());
    let lines: MediaNodeLines | undefined;
    const host = new MediaHost({
      rooms: { join: () => {}, leave: () => {} },
      shardCountMax: 2,
      legsPerShard: 4,
      clipsOf: async () => ({ failure: 'verb_unavailable', detail: 'Nothing is played here.' }),
      send: (line, frame) => lines?.send(line, frame),
      onRoom: () => lines?.beat(),
      onShardDied: () => {},
      onUnable: (detail) => {
        throw new Error(detail);
      },
    });
    this.#host = host;
    lines = new MediaNodeLines({
      identity,
      boot: 1,
      linkUrls: () => [{ url: `ws://127.0.0.1:${links.port}`, isLive: true }],
      heartbeat: () => host.load(),
      onWord: (line, word) => host.hear(line, word),
      onLost: (line) => host.lose(line),
    });
    lines.start();
    this.#stops.push(
      () => host.stop(),
      () => lines?.stop(),
    );
    const { platform } = this.site;
    platform.placeMedia = () => media.free();
    platform.onMedia = (word) => media.say(nodeId, word);
    await this.site.start();
    this.#stops.push(() => this.site.stop());
    await until(() => media.free() !== undefined, { what: 'a free media node', timeoutMs: CONNECT_MS_MAX });
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop();
  }

  /** Of its shards. */
  get pids(): readonly number[] {
    return this.#host?.pids ?? [];
  }

  /** Whether the media node has nothing to carry. */
  async isIdle(): Promise<void> {
    await until(() => this.#host?.load().legCount === 0, {
      what: 'both ends to go',
      timeoutMs: CONNECT_MS_MAX,
    });
  }

  async closePages(): Promise<void> {
    for (const { page } of this.#parties.splice(0)) await page.close();
    await this.isIdle();
  }

  /** Two that see and hear each other directly, each with a tone that never pauses. */
  async talk({ video = true } = {}): Promise<MovingCall> {
    this.#callCount += 1;
    const [from, to] = [`alice${this.#callCount}`, `bob${this.#callCount}`];
    const parties = await Promise.all([from, to].map((name) => this.site.open(name, '&tone')));
    this.#parties.push(...parties);
    const [alice, bob] = parties;
    if (alice === undefined || bob === undefined) throw new Error('A page is missing.');
    await alice.do('call', `user:${to}`, { video });
    for (const party of [alice, bob]) {
      await party.sees('connected:direct');
      if (video) await party.plays(0.5);
      await party.do('watchGaps');
    }
    const { sessionId } = this.site.platform.eventsOf('session.created').at(-1) ?? { sessionId: '' };
    return new MovingCall(this.site, { alice, bob, sessionId });
  }
}

/** A call whose media is moved. */
export class MovingCall {
  readonly alice: TestParty;
  readonly bob: TestParty;
  readonly #site: CallSite;
  readonly #sessionId: string;

  constructor(
    site: CallSite,
    of: { readonly alice: TestParty; readonly bob: TestParty; readonly sessionId: string },
  ) {
    this.#site = site;
    this.alice = of.alice;
    this.bob = of.bob;
    this.#sessionId = of.sessionId;
  }

  get parties(): readonly TestParty[] {
    return [this.alice, this.bob];
  }

  /** Throws where it is not carried out. */
  async order(change: SessionChange): Promise<void> {
    const { platform } = this.#site;
    const sessionId = this.#sessionId;
    const orderId = `order-${sessionId}-${platform.answers.size}`;
    const of = { orderId, sessionId, accountId: 'acc_a', by: { name: 'Alice', accountId: 'acc_a' } };
    platform.tell({ type: 'order', order: { ...of, issuedAtMs: Date.now(), change } });
    await until(() => platform.answers.has(orderId), { what: 'an answer' });
    const answer = platform.answers.get(orderId);
    if (answer?.kind !== 'done' || !answer.isChanged) throw new Error(JSON.stringify(answer));
  }

  /** Asks for a way, and waits until its media goes there. */
  async move(mode: AskedMode): Promise<void> {
    await this.order({ type: 'move', mode });
    const isThere = () => {
      const moved = this.#site.platform.events.findLast(
        (event) => event.type === 'mode.changed' && event.sessionId === this.#sessionId,
      );
      return moved?.type === 'mode.changed' && moved.data.mode === mode;
    };
    await until(isThere, { what: `mode ${mode}`, timeoutMs: CONNECT_MS_MAX });
  }

  /** Waits until a party saw, and heard, so much more. */
  async flows(party: TestParty, { pictures = 10, soundMs = 500 } = {}): Promise<void> {
    const before = await this.gapsOf(party);
    const isMore = ({ sawCount, heardMs }: { sawCount: number; heardMs: number }) =>
      (window.gaps?.sawCount ?? 0) >= sawCount && (window.gaps?.heardMs ?? 0) >= heardMs;
    const wanted = { sawCount: before.sawCount + pictures, heardMs: before.heardMs + soundMs };
    await party.page.waitForFunction(isMore, wanted, { timeout: 20_000 });
  }

  async gapsOf({ page }: TestParty): Promise<Gaps> {
    const gaps = await page.evaluate(() => window.gaps);
    if (gaps === undefined) throw new Error('Nobody watches.');
    return gaps;
  }
}
