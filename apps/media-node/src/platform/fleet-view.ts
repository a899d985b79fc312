import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import {
  type InternalResponse,
  internalApi,
  NODE_HEARTBEAT_INTERVAL_MS,
} from '@patchbay/domain/fleet/internal-api';
import { z } from 'zod';
import type { ControlPlaneClient } from './control-plane-client.ts';
import { nodeSoftware } from './software.ts';

export type FleetNode = InternalResponse<'listNodes'>['items'][number];

export interface FleetUrl {
  readonly url: string;
  /** Whether the control plane heard of its node of late. After an absence it has heard of nobody. */
  readonly isLive: boolean;
}

/** What a node knew of the others longer ago than this says nothing of today: keys were withdrawn, addresses given away. */
export const FLEET_AGE_MS_MAX = 24 * 3_600_000;
/** Written anew this often while nothing changes, so that it does not seem old when it is needed. */
const FLEET_WRITE_MS = 60_000;

const keptFleet = z.object({ savedAtMs: z.number(), nodes: internalApi.listNodes.response.shape.items });

export interface FleetViewOptions {
  readonly client: Pick<ControlPlaneClient, 'call'>;
  /** Where the last view is kept: a node that starts while the control plane is away knows whom to turn to. */
  readonly file: string;
  readonly onFailure: (error: unknown, message: string) => void;
  readonly nowMs?: () => number;
}

/** The other nodes, as the control plane knew them when it was last heard. While it is away, what was known holds. */
export class FleetView {
  readonly #options: FleetViewOptions;
  #nodes: readonly FleetNode[];
  #kept = '';
  #keptAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: FleetViewOptions) {
    this.#options = options;
    this.#nodes = this.#read();
  }

  async refresh(): Promise<void> {
    this.#nodes = (await this.#options.client.call('listNodes', {})).items;
    this.#keep();
  }

  #read(): readonly FleetNode[] {
    const { file, onFailure } = this.#options;
    try {
      const { savedAtMs, nodes } = keptFleet.parse(JSON.parse(readFileSync(file, 'utf8')));
      // A clock that was put back makes it no younger.
      if (Math.abs(this.#nowMs() - savedAtMs) > FLEET_AGE_MS_MAX) return [];
      // Nobody has said yet who of them is gone.
      return nodes.map((node) => ({ ...node, isLive: true }));
    } catch (error) {
      if (!isAbsent(error)) onFailure(error, 'What was known of the other nodes cannot be read.');
      return [];
    }
  }

  #keep(): void {
    const { file, onFailure } = this.#options;
    const nowMs = this.#nowMs();
    const text = JSON.stringify(this.#nodes);
    if (text === this.#kept && nowMs - this.#keptAtMs < FLEET_WRITE_MS) return;
    try {
      writeFileSync(`${file}.new`, JSON.stringify({ savedAtMs: nowMs, nodes: this.#nodes }), { mode: 0o600 });
      renameSync(`${file}.new`, file);
      this.#kept = text;
      this.#keptAtMs = nowMs;
    } catch (error) {
      onFailure(error, 'What is known of the other nodes cannot be kept.');
    }
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? Date.now)();
  }

  /** URLs of the nodes of a region, by role and use. */
  urlsOf(wanted: { role: FleetNode['roles'][number]; region: string; use: string }): readonly FleetUrl[] {
    return this.#nodes
      .filter(({ region, roles }) => region === wanted.region && roles.includes(wanted.role))
      .flatMap(({ urls, isLive }) => (urls[wanted.use] ?? []).map((url) => ({ url, isLive })));
  }

  /** The address of a use at one node, of whatever region. */
  urlOf(nodeId: string, use: string): string | undefined {
    return this.#nodes.find((node) => node.nodeId === nodeId)?.urls[use]?.[0];
  }

  /** Whether the control plane has heard of late of any other node of a role. */
  hasOther(role: FleetNode['roles'][number], ownNodeId: string | undefined): boolean {
    return this.#nodes.some(
      ({ nodeId, roles, isLive }) => isLive && roles.includes(role) && nodeId !== ownNodeId,
    );
  }

  /** The key of an enrolled node of a role. One that is not in the last list may have come since. */
  async publicKeyOf(nodeId: string, role: FleetNode['roles'][number]): Promise<string | undefined> {
    const find = () =>
      this.#nodes.find((node) => node.nodeId === nodeId && node.roles.includes(role))?.publicKey;
    const known = find();
    if (known !== undefined) return known;
    await this.refresh();
    return find();
  }
}

const isAbsent = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT';

export interface HeartbeatReport {
  readonly boot: number;
  readonly urls: Readonly<Record<string, readonly string[]>>;
  readonly load: Readonly<Record<string, number>>;
  readonly isDraining: boolean;
}

/** Tells the control plane that this node lives, and hears who else does. */
export function startHeartbeat(options: {
  readonly client: Pick<ControlPlaneClient, 'call'>;
  readonly fleet: FleetView;
  readonly report: () => HeartbeatReport;
  readonly onHeard?: (answer: InternalResponse<'heartbeat'>) => void;
  /** The other nodes are known, or known anew. */
  readonly onRefreshed?: () => void;
  readonly onFailure: (error: unknown) => void;
}): () => void {
  let isRunning = false;
  const beat = async () => {
    if (isRunning) return;
    isRunning = true;
    try {
      const { boot, urls, load, isDraining } = options.report();
      const lists = Object.fromEntries(Object.entries(urls).map(([use, list]) => [use, [...list]]));
      const beaten = { boot, urls: lists, load: { ...load }, isDraining, software: nodeSoftware };
      const answer = await options.client.call('heartbeat', beaten);
      options.onHeard?.(answer);
      await options.fleet.refresh();
      options.onRefreshed?.();
    } catch (error) {
      options.onFailure(error);
    } finally {
      isRunning = false;
    }
  };
  const timer = setInterval(() => void beat(), NODE_HEARTBEAT_INTERVAL_MS);
  void beat();
  return () => clearInterval(timer);
}
