import type { Access, Actor } from '@patchbay/kit/definition';
import { accessesOf } from './access.ts';
import type { TenancyPorts } from './ports.ts';
import { reachAlong } from './reach.ts';
import type { KeyMaker } from './scopes.ts';

/** What whoever asks sees and may do along a chain of accounts. */
export interface Caller {
  /** The accounts of the chain that the caller sees, from the highest down. Above them, nothing is told. */
  readonly visibleChain: readonly string[];
  readonly accesses: ReadonlySet<Access>;
  readonly isAbove: boolean;
  /** Whose rights a new key has to stay within. */
  readonly maker: KeyMaker;
}

const everything: ReadonlySet<Access> = new Set(accessesOf.owner);
const allButOwn: ReadonlySet<Access> = new Set(accessesOf.admin);
const nothing: ReadonlySet<Access> = new Set();

/**
 * Resolves the caller against a chain that runs from the platform down to the account asked about. That the caller may
 * ask at all was decided before.
 */
export async function callerAlong(
  chain: readonly string[],
  actor: Actor,
  { people, keys }: Pick<TenancyPorts, 'people' | 'keys'>,
): Promise<Caller> {
  const accountId = chain.at(-1);
  switch (actor.kind) {
    case 'user': {
      const reach = reachAlong(chain, await people.grantsOf(actor.userId));
      return {
        visibleChain: below(chain, reach.topId),
        accesses: reach.accesses,
        isAbove: reach.accessesFromAbove.has('administer'),
        maker: { kind: 'role', accesses: reach.accesses },
      };
    }
    case 'key': {
      const key = await keys.find({ accountId: actor.accountId, keyId: actor.keyId });
      const scopes = key?.scopes ?? [];
      return {
        visibleChain: below(chain, actor.accountId),
        accesses: scopes.includes('*') ? everything : allButOwn,
        isAbove: actor.accountId !== accountId,
        maker: { kind: 'key', scopes },
      };
    }
    case 'platform':
      return {
        visibleChain: chain,
        accesses: everything,
        isAbove: chain.length > 1,
        maker: { kind: 'role', accesses: everything },
      };
    case 'credential':
      return {
        visibleChain: below(chain, actor.accountId),
        accesses: nothing,
        isAbove: false,
        maker: { kind: 'role', accesses: nothing },
      };
    case 'stranger':
      return {
        visibleChain: [],
        accesses: nothing,
        isAbove: false,
        maker: { kind: 'role', accesses: nothing },
      };
  }
}

function below(chain: readonly string[], topId: string | undefined): readonly string[] {
  const index = topId === undefined ? -1 : chain.indexOf(topId);
  return index < 0 ? [] : chain.slice(index);
}
