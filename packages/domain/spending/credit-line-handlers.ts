import type { DomainContext, DomainHandlers } from '@patchbay/kit/definition';
import { isChanged } from '@patchbay/kit/is-changed';
import { nano } from '../billing/money.ts';
import { notYours, speakerAmong } from '../tenancy/caller.ts';
import { operationOf } from '../tenancy/scopes.ts';
import { leftOf, lineOf, linesAfter, type StandingCreditLine } from './credit-line.ts';
import { spending } from './definition.ts';
import type { SpendingPorts } from './ports.ts';

type Spending = typeof spending;

const setting = operationOf(spending, 'creditLines', 'set');

export const creditLineHandlers: DomainHandlers<Spending, SpendingPorts>['creditLines'] = {
  async get(context, _request, ports) {
    const speakerIds = await speakersAbove(context, ports);
    return answerOf(await ports.creditLines.standing(context.entity.accountId), speakerIds);
  },

  async set(context, { amount, from }, ports) {
    return await change(context, { amount: nano(BigInt(amount)), from }, ports);
  },

  async remove(context, { from }, ports) {
    return await change(context, { amount: undefined, from }, ports);
  },
};

type Context = Pick<
  DomainContext<Spending, 'creditLines', 'set'>,
  'actor' | 'audit' | 'emit' | 'entity' | 'error'
>;

async function change(
  context: Context,
  {
    amount,
    from,
  }: { readonly amount: ReturnType<typeof nano> | undefined; readonly from?: string | undefined },
  ports: Pick<SpendingPorts, 'caller' | 'creditLines'>,
) {
  const { accountId } = context.entity;
  const speakerIds = await speakersAbove(context, ports);
  const byId = speakerAmong(speakerIds, from);
  if (byId === undefined) throw context.error('resource.unknown', notYours(from ?? accountId));
  const before = await ports.creditLines.say(accountId, { byId, amount });
  const after = { ...before, words: linesAfter(before.words, { byId, amount }) };
  const saidOf = ({ words }: StandingCreditLine) => words.find((word) => word.byId === byId)?.amount;
  const written = (standing: StandingCreditLine) => {
    const said = saidOf(standing);
    return {
      from: byId,
      ...(said === undefined ? {} : { said: said.toString() }),
      // What holds of it: of several above, the narrowest.
      amount: lineOf(standing).toString(),
    };
  };
  context.audit({ target: `${accountId}/credit-line`, before: written(before), after: written(after) });
  if (isChanged(written(before), written(after)))
    await context.emit('credit-line.changed', {
      amount: lineOf(after).toString(),
      currency: after.currency,
    });
  return answerOf(after, speakerIds);
}

/** Never the account itself: what it sets for itself would bound nothing. */
async function speakersAbove(
  { actor, entity }: Pick<Context, 'actor' | 'entity'>,
  { caller }: Pick<SpendingPorts, 'caller'>,
): Promise<readonly string[]> {
  const { speakers } = await caller(entity.chain, actor);
  return speakers(setting).filter((id) => id !== entity.accountId);
}

function answerOf(standing: StandingCreditLine, speakerIds: readonly string[]) {
  const { currency, isBounded, unpaid, words } = standing;
  return {
    currency,
    unpaid: (unpaid > 0n ? unpaid : 0n).toString(),
    ...(isBounded ? { amount: lineOf(standing).toString(), left: leftOf(standing).toString() } : {}),
    set: words
      .filter(({ byId }) => speakerIds.includes(byId))
      .map(({ byId, amount }) => ({ from: byId, amount: amount.toString() })),
    speakerIds: [...speakerIds],
  };
}
