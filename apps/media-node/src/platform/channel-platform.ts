import { userEndpointId } from '@patchbay/domain/metering/usage-record';
import { countedRefusalCode, refusalText } from '@patchbay/domain/policy/decide';
import { toProblem } from '@patchbay/kit/errors';
import { type ChannelRefusalCode, channelRefusals } from '@patchbay/protocol/signaling/channel-codes';
import type { Problem } from '@patchbay/protocol/signaling/messages';
import type {
  ChannelAnswer,
  ChannelLeave,
  ChannelPlatform,
  ChannelQuestion,
  ChannelUser,
  LogPlace,
} from '../signaling/channel-platform.ts';
import { createConcurrencyLimit } from './concurrency-limit.ts';
import type { ControlPlaneClient } from './control-plane-client.ts';
import { isNodeRefusalCode, nodeRefusal } from './node-refusal.ts';
import type { SessionClaims } from './session-claims.ts';

/** Questions of this node about channels that are out at once, and that wait for their turn. */
const ASKING = { runningCountMax: 32, waitingCountMax: 20_000 };
const LEAVES_PER_CALL = 500;
/** Leaves that wait to be told. Past it the oldest are left to the end of this run of the node. */
const LEAVES_WAITING_MAX = 20_000;
const LEAVE_RETRY_MS = 500;

export interface ChannelPlatformOptions {
  readonly client: Pick<ControlPlaneClient, 'call'>;
  readonly claims: Pick<SessionClaims, 'claim' | 'confirm' | 'release'>;
  /** The run of this node. */
  readonly boot: () => string;
  readonly onFailure: (error: unknown, message: string) => void;
}

/** Channels of the control plane, as signaling asks for them. */
export function createChannelPlatform(options: ChannelPlatformOptions): ChannelPlatform {
  const { client, onFailure } = options;
  const limit = createConcurrencyLimit(ASKING);
  const leaves = leaving(options);
  return {
    ask: (question) =>
      limit(() => answerTo(question, options)).catch((error: unknown): ChannelAnswer => {
        onFailure(error, 'A channel could not be asked about.');
        return {
          kind: 'away',
          problem: problemOf('platform.unavailable', 'Channels cannot be asked about now.'),
        };
      }),
    // In turn with what is asked: who comes, goes and comes again is there.
    leave: (leave) => leaves.add(leave),
    release: (connectionId) => options.claims.release(holdIdOf(connectionId)),
  };

  async function answerTo(
    question: ChannelQuestion,
    { claims, boot }: ChannelPlatformOptions,
  ): Promise<ChannelAnswer> {
    switch (question.kind) {
      case 'subscribe': {
        const { principal, channel, connectionId, isPresent, after, isRunning } = question;
        const right = await rightTo(principal, isPresent ? ['subscribe', 'presence'] : ['subscribe']);
        if (right !== undefined) return { kind: 'refused', problem: right };
        if (!isRunning) {
          const counted = await countedRefusal(claims, principal, connectionId);
          if (counted !== undefined) return { kind: 'refused', problem: counted };
        }
        await leaves.told({ accountId: principal.accountId, channel, connectionId });
        const answer = await client.call('subscribeChannel', {
          ...{
            accountId: principal.accountId,
            channel,
            client: clientOf(principal),
            connectionId,
            isPresent,
          },
          boot: boot(),
          ...(principal.deviceKind === undefined ? {} : { device: principal.deviceKind }),
          ...(after === undefined ? {} : { after: placeOf(after) }),
        });
        if (answer.refusal !== undefined) return refused(answer.refusal);
        const { part, showsPresence = false } = answer;
        if (part === undefined) throw new Error('An answer about a channel has no part of its log.');
        return { kind: 'subscribed', part, showsPresence };
      }
      case 'read': {
        const { accountId, channel, after } = question;
        const { part } = await client.call('readChannel', { accountId, channel, after: placeOf(after) });
        return { kind: 'read', part };
      }
      case 'publish': {
        const { principal, channel, encoding, data, key, ttlSeconds } = question;
        const right = await rightTo(principal, ['publish']);
        if (right !== undefined) return { kind: 'refused', problem: right };
        const answer = await client.call('publishChannel', {
          ...{ accountId: principal.accountId, channel, client: clientOf(principal), encoding, data, key },
          ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
        });
        if (answer.refusal !== undefined) return refused(answer.refusal);
        if (answer.published === undefined) throw new Error('An answer says nothing of what was published.');
        return { kind: 'published', ...answer.published };
      }
      case 'members': {
        const { accountId, channel, cursor } = question;
        const page = await client.call('listChannelMembers', {
          ...{ accountId, channel },
          ...(cursor === undefined ? {} : { cursor }),
        });
        const { items, memberCount, nextCursor } = page;
        return { kind: 'members', items, memberCount, ...(nextCursor === undefined ? {} : { nextCursor }) };
      }
    }
  }
}

const placeOf = ({ epoch, offset }: LogPlace) => ({ offset, ...(epoch === undefined ? {} : { epoch }) });

const clientOf = ({ identity, applicationId, instanceType }: ChannelUser) => ({
  identity,
  ...(applicationId === undefined ? {} : { applicationId }),
  ...(instanceType === undefined ? {} : { instanceType }),
});

async function rightTo(
  principal: ChannelUser,
  features: readonly Parameters<ChannelUser['mayUseChannels']>[0][],
): Promise<Problem | undefined> {
  for (const feature of features) {
    const right = await principal.mayUseChannels(feature);
    if (!right.ok) return right.problem;
  }
  return undefined;
}

const holdIdOf = (connectionId: string): string => `channels ${connectionId}`;

/** The first subscription of a connection is counted as a session is, where policies count over all nodes. */
async function countedRefusal(
  claims: ChannelPlatformOptions['claims'],
  { accountId, applicationId, instanceType, identity, limits }: ChannelUser,
  connectionId: string,
): Promise<Problem | undefined> {
  if (limits.isCounted !== true) return undefined;
  const holdId = holdIdOf(connectionId);
  const endpoint = userEndpointId(identity);
  const of = { accountId, applicationId, instanceType, endpoint };
  const refusal = await claims.claim({ ...of, holdId, services: ['notification'], isRunning: false });
  if (refusal === undefined) {
    claims.confirm(holdId);
    return undefined;
  }
  const code = countedRefusalCode(refusal.setting);
  return problemOf(code, refusalText({ ...refusal, code }, [accountId]));
}

const refused = ({ code, detail }: { code: string; detail: string }): ChannelAnswer => ({
  kind: 'refused',
  problem: problemOf(code, detail),
});

/** A code of channels or of the platform; of a later version, what is known of it. */
export function problemOf(code: string, detail: string): Problem {
  if (isNodeRefusalCode(code)) {
    const { type, title, status } = toProblem(nodeRefusal(code, detail));
    return { type, code, title, status, detail };
  }
  const { status, title } = isChannelCode(code)
    ? channelRefusals[code]
    : { status: 403, title: 'The platform refuses this.' };
  return { type: `/docs/errors/${code}`, code, title, status, detail };
}

const isChannelCode = (code: string): code is ChannelRefusalCode => Object.hasOwn(channelRefusals, code);

/** Tells the control plane of whoever left, in order and until it is heard. */
function leaving({ client, onFailure }: ChannelPlatformOptions) {
  const waiting = new Map<string, ChannelLeave>();
  let telling: Promise<void> | undefined;
  const keyOf = ({ accountId, channel, connectionId }: ChannelLeave) =>
    `${accountId}\n${channel}\n${connectionId}`;

  async function tell(): Promise<void> {
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, LEAVES_PER_CALL);
      try {
        await client.call('leaveChannels', { items: batch.map(([, leave]) => ({ ...leave })) });
        for (const [key, leave] of batch) if (waiting.get(key) === leave) waiting.delete(key);
      } catch (error) {
        onFailure(error, 'Who left channels was not told.');
        await new Promise((resolve) => setTimeout(resolve, LEAVE_RETRY_MS).unref());
      }
    }
  }

  return {
    add(leave: ChannelLeave): void {
      waiting.set(keyOf(leave), leave);
      const [oldest] = waiting.keys();
      if (waiting.size > LEAVES_WAITING_MAX && oldest !== undefined) waiting.delete(oldest);
      telling ??= tell().finally(() => {
        telling = undefined;
      });
    },
    /** A connection that comes back to a channel is not told off afterwards for having left it. */
    async told(leave: ChannelLeave): Promise<void> {
      if (waiting.has(keyOf(leave))) await telling;
    },
  };
}
