import { type InternalResponse, NODE_HEARTBEAT_INTERVAL_MS } from '@patchbay/domain/fleet/internal-api';
import type { ControlPlaneClient } from './control-plane-client.ts';

export type FleetNode = InternalResponse<'listNodes'>['items'][number];

export interface FleetUrl {
  readonly url: string;
  /** Whether the control plane heard of its node of late. After an absence it has heard of nobody. */
  readonly isLive: boolean;
}

/** The other nodes, as the control plane knew them when it was last heard. While it is away, what was known holds. */
export class FleetView {
  readonly #client: ControlPlaneClient;
  #nodes: readonly FleetNode[] = [];

  constructor(client: ControlPlaneClient) {
    this.#client = client;
  }

  async refresh(): Promise<void> {
    this.#nodes = (await this.#client.call('listNodes', {})).items;
  }

  /** URLs of the nodes of a region, by role and use. */
  urlsOf(wanted: { role: FleetNode['roles'][number]; region: string; use: string }): readonly FleetUrl[] {
    return this.#nodes
      .filter(({ region, roles }) => region === wanted.region && roles.includes(wanted.role))
      .flatMap(({ urls, isLive }) => (urls[wanted.use] ?? []).map((url) => ({ url, isLive })));
  }

  /** The key of an enrolled node. One that is not in the last list may have come since. */
  async publicKeyOf(nodeId: string): Promise<string | undefined> {
    const find = () => this.#nodes.find((node) => node.nodeId === nodeId)?.publicKey;
    const known = find();
    if (known !== undefined) return known;
    await this.refresh();
    return find();
  }
}

export interface HeartbeatReport {
  readonly boot: number;
  readonly urls: Readonly<Record<string, readonly string[]>>;
  readonly load: Readonly<Record<string, number>>;
  readonly isDraining: boolean;
}

/** Tells the control plane that this node lives, and hears who else does. */
export function startHeartbeat(options: {
  readonly client: ControlPlaneClient;
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
      const beaten = { boot, urls: lists, load: { ...load }, isDraining };
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
