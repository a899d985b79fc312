import type { DomainContext, DomainHandlers } from '@patchbay/kit/definition';
import { ServiceError } from '@patchbay/kit/errors';
import { isChanged } from '@patchbay/kit/is-changed';
import { notYours, speakerAmong } from '../tenancy/caller.ts';
import { operationOf } from '../tenancy/scopes.ts';
import {
  type DataClassName,
  dataClassNames,
  dataClassOf,
  isRetained,
  keptDaysOf,
  type RetainedClassName,
} from './data-classes.ts';
import { privacy } from './definition.ts';
import type { PrivacyPorts } from './ports.ts';
import {
  asOneWish,
  asOneWord,
  boundsOf,
  effectiveRetention,
  isSameLevel,
  type RetentionDefaults,
  type RetentionLevel,
  type RetentionOrigin,
  type WishRefusal,
  withoutSilence,
  withSaid,
  wordRefusal,
} from './retention.ts';

type Privacy = typeof privacy;

/** For how long data of an account are kept, by its own word and by that of each account above it (PRD-4). */
export const retentionHandlers: DomainHandlers<Privacy, PrivacyPorts>['retention'] = {
  async get(context, { from }, ports) {
    const reading = await readingOf(context, from, ports);
    return answerOf(reading);
  },

  async set(context, { from, ...request }, ports) {
    const { entity, visibleIds = [entity.accountId] } = context;
    const { accountId, chain } = entity;
    const word = withoutSilence(request);
    const reading = await readingOf(context, from, ports);
    const { setById } = reading.said;
    const said = { ...reading.said, word };
    const levels = withSaid(chain, reading.levels, said);
    const isOperator = chain.length === 1;
    const refusal = wordRefusal(word, boundsOf(chain, levels, said), isOperator);
    if (refusal !== undefined) throw refusalError(context, refusal, visibleIds);
    const before = await ports.retention.words.set(said);
    if (before === 'not_above') throw context.error('resource.unknown', notYours(setById ?? accountId));
    // Whose word it was: not always that of who changed it.
    const named = setById === undefined ? {} : { from: setById };
    context.audit({
      target: `${accountId}/retention${setById === undefined ? '' : '/above'}`,
      before: { ...named, ...before },
      after: { ...named, ...word },
    });
    if (isChanged(before, word)) await context.emit('retention.changed', {});
    return answerOf({ ...reading, levels, said });
  },

  async getRound(context, _request, { retention }) {
    const isOperator = context.entity.chain.length === 1;
    const round = isOperator ? await retention.lastRound() : undefined;
    if (round === undefined) throw context.error('resource.unknown', 'Here is no round of removing.');
    const { startedAt, finishedAt, accountCount, removed } = round;
    return {
      startedAt: startedAt.toISOString(),
      ...(finishedAt === undefined ? {} : { finishedAt: finishedAt.toISOString() }),
      accountCount,
      removed: { ...removed },
    };
  },
};

const setting = operationOf(privacy, 'retention', 'set');

/** What is said of an account's data, as one caller sees it and may set it. */
interface Reading {
  readonly chain: readonly string[];
  readonly levels: readonly RetentionLevel[];
  /** The one that was asked about: empty where it says nothing. */
  readonly said: RetentionLevel;
  readonly speakerIds: readonly string[];
  readonly visibleIds: readonly string[];
  readonly defaults: RetentionDefaults;
}

type ReadContext = Pick<
  DomainContext<Privacy, 'retention', 'get'>,
  'entity' | 'visibleIds' | 'actor' | 'error'
>;

async function readingOf(
  { entity, visibleIds = [entity.accountId], actor, error }: ReadContext,
  named: string | undefined,
  { retention, caller }: Pick<PrivacyPorts, 'retention' | 'caller'>,
): Promise<Reading> {
  const { accountId, chain } = entity;
  const speakerIds = (await caller(chain, actor)).speakers(setting);
  const from = speakerAmong(speakerIds, named);
  if (from === undefined) throw error('resource.unknown', notYours(named ?? accountId));
  const levels = await retention.words.chain(accountId);
  const place = from === accountId ? { accountId } : { accountId, setById: from };
  const said = levels.find((one) => isSameLevel(one, place)) ?? { ...place, word: {} };
  return { chain, levels, said, speakerIds, visibleIds, defaults: retention.defaults };
}

const ABOVE = 'above';

/** What a level is called: an account above that the reader does not see is not named (C1). */
export const levelName = ({ accountId, setById }: RetentionOrigin, visibleIds: readonly string[]): string => {
  const speakerId = setById ?? accountId;
  if (speakerId === undefined) return 'default';
  return visibleIds.includes(speakerId) ? speakerId : ABOVE;
};

function classAnswer(name: DataClassName, { levels, defaults, visibleIds }: Reading) {
  const { title, holds, kept, remains, notExportedWhy } = dataClassOf(name);
  const facts = {
    dataClass: name,
    title,
    holds,
    remains,
    ...(notExportedWhy === undefined ? {} : { notExportedWhy }),
  };
  if (!isRetained(name)) return { ...facts, kept: String(kept), wanted: [] };
  const { held, min, max } = effectiveRetention(name, levels, defaults);
  return {
    ...facts,
    keepDays: held.days,
    keepDaysLevel: levelName(held, visibleIds),
    keepDaysMin: min.days,
    keepDaysMinLevel: levelName(min, visibleIds),
    keepDaysMax: max.days,
    keepDaysMaxLevel: levelName(max, visibleIds),
    changedBy: keptDaysOf(name).changedBy,
    wanted: toldWishes(name, levels, visibleIds),
  };
}

/** What each level wanted, from the top down; those that the reader does not see are one, so that nobody counts them (C1). */
function toldWishes(
  name: RetainedClassName,
  levels: readonly RetentionLevel[],
  visibleIds: readonly string[],
) {
  const isSeen = (level: RetentionLevel) => levelName(level, visibleIds) !== ABOVE;
  const together = asOneWish(
    name,
    levels.filter((level) => !isSeen(level)),
  );
  const seen = levels.filter(isSeen).flatMap((level) => {
    const wish = level.word[name];
    return wish === undefined ? [] : [{ level: levelName(level, visibleIds), ...wish }];
  });
  return [...(together === undefined ? [] : [{ level: ABOVE, ...together }]), ...seen];
}

function answerOf(reading: Reading) {
  const { chain, levels, said, speakerIds, visibleIds } = reading;
  const accountId = chain.at(-1) ?? '';
  const own = levels.find((one) => isSameLevel(one, { accountId }));
  return {
    stored: said.word,
    ...(said.setById === undefined ? {} : { setById: said.setById }),
    own: own?.word ?? {},
    fromAbove: toldAbove(reading),
    speakerIds: [...speakerIds],
    classes: dataClassNames.map((name) => classAnswer(name, reading)),
  };
}

/** What those set that the caller does not see is one word, so that nobody counts them (C1). */
function toldAbove({ chain, levels, visibleIds }: Reading) {
  const accountId = chain.at(-1);
  const above = levels.filter(
    (one) => one.accountId === accountId && one.setById !== undefined && Object.keys(one.word).length > 0,
  );
  const isSeen = ({ setById = '' }: RetentionLevel) => visibleIds.includes(setById);
  const hidden = above.filter((one) => !isSeen(one));
  return [
    ...(hidden.length === 0 ? [] : [{ word: asOneWord(hidden) }]),
    ...above.filter(isSeen).map(({ setById, word }) => ({ setById, word })),
  ];
}

function refusalError(
  context: DomainContext<Privacy, 'retention', 'set'>,
  refusal: WishRefusal,
  visibleIds: readonly string[],
): ServiceError {
  const { title } = dataClassOf(refusal.name);
  switch (refusal.kind) {
    case 'operators':
      return context.error('privacy.operators_only', `/${refusal.name}: ${title} are the operator’s to set.`);
    case 'crossed':
      return context.error(
        'privacy.bounds_crossed',
        `/${refusal.name}: the days of ${title} cross each other.`,
      );
    case 'below':
    case 'above': {
      const { bound, kind, name } = refusal;
      const word = kind === 'below' ? 'least' : 'most';
      const refused = context.error('privacy.out_of_bounds', `/${name}: the ${word} is ${bound.days} days.`);
      return new ServiceError({ ...refused.fields, rule: name, level: levelName(bound, visibleIds) });
    }
  }
}
