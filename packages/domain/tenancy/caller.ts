import type { Actor } from '@patchbay/kit/definition';
import { type CataloguedOperation, type Rights, rightsAllow, rightsOf } from './access.ts';
import type { TenancyPorts } from './ports.ts';
import { reachAlong } from './reach.ts';
import { type KeyMaker, mayCall } from './scopes.ts';

/** What whoever asks sees and may do along a chain of accounts. */
export interface Caller {
  /** The accounts of the chain that the caller sees, from the highest down. Above them, nothing is told. */
  readonly visibleChain: readonly string[];
  readonly may: (operation: CataloguedOperation) => boolean;
  /**
   * The highest account strictly above this one at which the caller may do it: whose word it is, what the caller says here.
   * Undefined: the caller speaks as the account itself.
   */
  readonly speakerAbove: (operation: CataloguedOperation) => string | undefined;
  /** The accounts for one of which the caller may speak here, the highest first: as `speakersOf` has them. */
  readonly speakers: (operation: CataloguedOperation) => readonly string[];
  /** Who makes owners, and unmakes them. A role that an account defined is none, whatever it may do. */
  readonly isOwner: boolean;
  /** Whose rights a new key, or a new role, has to stay within. */
  readonly maker: KeyMaker;
}

const everything: Rights = rightsOf([{ role: 'owner' }]);
const nothing: Rights = rightsOf([]);
const nobody = () => undefined;

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
      const reach = reachAlong(
        chain,
        await people.grantsOf(actor.userId, actor.viewing?.accountId, actor.within),
      );
      return callerWith(chain, {
        visibleChain: below(chain, reach.topId),
        maker: { kind: 'role', accesses: reach.accesses, scopes: reach.scopes },
        speakerAbove: (operation) =>
          reach.above.find(({ rights }) => rightsAllow(rights, operation))?.accountId,
        speaksAsItself: (operation) => rightsAllow(reach.here, operation),
        isOwner: reach.accesses.has('own'),
      });
    }
    case 'key': {
      const key = await keys.find({ accountId: actor.accountId, keyId: actor.keyId });
      const scopes = key?.scopes ?? [];
      return callerWith(chain, {
        visibleChain: below(chain, actor.accountId),
        maker: { kind: 'key', scopes },
        speakerAbove: () => (actor.accountId === accountId ? undefined : actor.accountId),
        isOwner: scopes.includes('*'),
      });
    }
    case 'platform':
      return callerWith(chain, {
        visibleChain: chain,
        maker: { kind: 'role', ...everything },
        speakerAbove: () => (chain.length > 1 ? chain[0] : undefined),
        isOwner: true,
      });
    case 'credential':
    case 'callback':
    case 'stranger':
      return callerWith(chain, {
        visibleChain: actor.kind === 'stranger' ? [] : below(chain, actor.accountId),
        maker: { kind: 'role', ...nothing },
        speakerAbove: nobody,
        isOwner: false,
      });
  }
}

/** What somebody's roles let them be at the last account of a chain. */
interface Standing {
  /** The highest account above for which they may speak. */
  readonly above: string | undefined;
  /** Whether a role at the account itself lets them speak as it: those above reach there, and are not it. */
  readonly isItself: boolean;
}

/**
 * The accounts for which somebody may speak at the last one of a chain, the highest first: from the one that they speak for
 * down to just above it, for whoever speaks as one above speaks for those between, too. The account itself comes last, for who has
 * the right by a role there as well. Nobody above: the account itself.
 */
export const speakersOf = (chain: readonly string[], { above, isItself }: Standing): readonly string[] =>
  above === undefined ? chain.slice(-1) : chain.slice(chain.indexOf(above), isItself ? chain.length : -1);

/** Whose word it is, of those that somebody may set: the named one's, else that of the highest. Undefined: they may not. */
export const speakerAmong = (speakerIds: readonly string[], named: string | undefined): string | undefined =>
  named === undefined ? speakerIds[0] : speakerIds.find((id) => id === named);

/** One text for an account above the caller, below, elsewhere or nowhere: which of these it is, is not told (C1). */
export const notYours = (from: string): string => `/from: ${from} is no account that you speak for here.`;

interface Known extends Omit<Caller, 'may' | 'speakers'> {
  /** Of who may speak for one above: whether they may as the account itself, too. */
  readonly speaksAsItself?: (operation: CataloguedOperation) => boolean;
}

const callerWith = (
  chain: readonly string[],
  { speaksAsItself = () => false, ...caller }: Known,
): Caller => ({
  ...caller,
  may: (operation) => mayCall(caller.maker, operation),
  speakers: (operation) =>
    speakersOf(chain, { above: caller.speakerAbove(operation), isItself: speaksAsItself(operation) }),
});

function below(chain: readonly string[], topId: string | undefined): readonly string[] {
  const index = topId === undefined ? -1 : chain.indexOf(topId);
  return index < 0 ? [] : chain.slice(index);
}
