/** That one account, or a trigger of it, says something of another (POL-2, ACC-2). What it says is of no matter to a move. */
export interface Said {
  readonly accountId: string;
  readonly byId: string;
  readonly kind:
    | 'suspension'
    | 'policy'
    | 'configuration'
    | 'service'
    | 'allow-list'
    | 'retention'
    | 'plan'
    | 'limit'
    | 'prepaid'
    | 'credit-line'
    | 'overdue'
    | 'trigger';
}

/** The way of a move. Both chains run from the platform down to the account that moves. */
interface MoveWay {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** The accounts that stand above before the move and not after. */
export const accountsLeft = ({ before, after }: MoveWay): readonly string[] =>
  before.filter((id) => !after.includes(id));

/**
 * Whether a move would take an account out of reach of what was said higher up than its mover stands: of an account that it
 * stands below now and not then, by one strictly above the mover. Whoever may not take such a word back may not walk out
 * from under it either. What is said of the account itself goes with it, as long as its speaker stays above.
 *
 * @param moverId The highest account at which the mover may make the move. Where it does not stand above the account, all
 * that is said of those left counts.
 */
export function isMoveHeld(said: readonly Said[], way: MoveWay, moverId: string): boolean {
  const left = accountsLeft(way);
  const place = way.before.indexOf(moverId);
  const above = place < 0 ? way.before : way.before.slice(0, place);
  // That a service was turned on keeps nobody from anything.
  return said.some(({ accountId, byId }) => left.includes(accountId) && above.includes(byId));
}
