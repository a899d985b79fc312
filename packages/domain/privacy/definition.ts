import { defineDomain } from '@patchbay/kit/definition';
import { idField, idSchema } from '@patchbay/kit/ids';
import { pageOf, pageRequest } from '@patchbay/kit/page';
import { z } from 'zod';
import { nodeRoles } from '../fleet/internal-api.ts';
import { dataClassNames } from './data-classes.ts';
import { EXPORT_PATH } from './export-link.ts';
import { erasureStates, erasureWaits, exportStates } from './ports.ts';
import { retentionWordShape } from './retention.ts';

/** The account whose word it is, `above` for one that the caller does not see (C1), `default` where no level says anything. */
const level = z.string();

const days = z.int().min(0);

const classAnswer = z.object({
  dataClass: z.enum(dataClassNames),
  title: z.string(),
  /** What it says about persons. */
  holds: z.string(),
  /** What stays when it is gone. */
  remains: z.string(),
  /** Why no export has it. Absent where it has. */
  notExportedWhy: z.string().optional(),
  /** In words, of a class whose time nobody sets. */
  kept: z.string().optional(),
  /** For how long it is kept here, and whose word that is. */
  keepDays: days.optional(),
  keepDaysLevel: level.optional(),
  /** Between what an account here could set it, and who bounds it. */
  keepDaysMin: days.optional(),
  keepDaysMinLevel: level.optional(),
  keepDaysMax: days.optional(),
  keepDaysMaxLevel: level.optional(),
  changedBy: z.enum(['account', 'operator']).optional(),
  /** What each level wanted, from the top down. */
  wanted: z.array(
    z.object({
      level,
      keepDays: days.optional(),
      keepDaysMin: days.optional(),
      keepDaysMax: days.optional(),
    }),
  ),
});

/**
 * Whose word it is: one of `speakerIds`. Absent: that of the highest account above at which the caller may set for how long data are
 * kept, else of the account itself.
 */
const from = { from: idSchema('acc').optional() };

const retentionAnswer = z.object({
  /** What is set at this level. */
  stored: z.object(retentionWordShape),
  /** The account above whose word that is. Absent: the account's own. */
  setById: z.string().optional(),
  /** What the account itself set, beside what those above did. */
  own: z.object(retentionWordShape),
  /**
   * What each account above set for this one, the farthest first: its days are the most here, unless it set that itself. What those set
   * that the caller does not see is one, and names none.
   */
  fromAbove: z.array(z.object({ setById: z.string().optional(), word: z.object(retentionWordShape) })),
  /** The accounts whose word the caller may set here by naming them as `from`, the highest first, this one by a role here alone. */
  speakerIds: z.array(z.string()),
  classes: z.array(classAnswer),
});

const placesAnswer = z.object({
  /** In which regions the database with all its copies is, as whoever runs the platform declares. None: nothing is declared. */
  storageRegions: z.array(z.string()),
  /** The regions in which data of this account are kept: `dataRegions` of its policy. Absent: no level says it. */
  dataRegions: z.array(z.string()).optional(),
  /** Whose word that is, and who has locked it. */
  dataRegionsLevel: level.optional(),
  lockedByLevel: level.optional(),
  /** False: the storage was moved since, or declared otherwise. Then no export is made. Absent where no level says a region. */
  isKept: z.boolean().optional(),
  /** Roles and regions of nodes that serve, and whether they do anything for this account. */
  nodes: z.array(z.object({ role: z.enum(nodeRoles), region: z.string(), isServing: z.boolean() })),
  classes: z.array(
    z.object({
      dataClass: z.enum(dataClassNames),
      title: z.string(),
      /** Where it is besides the storage, or before it comes there. Absent: nowhere. */
      elsewhere: z.string().optional(),
    }),
  ),
});

/** `user:bob`, an identity of the account itself, or the id of somebody in its team. */
const person = z
  .string()
  .regex(
    /^(user:.{1,128}|usr_[0-9a-z]{29})$/u,
    'Name a person as user: and an identity, or by the id of a user.',
  );

const exportAnswer = z.object({
  id: idField('xpt'),
  /** 'person': only what is there of one person. */
  scope: z.enum(['account', 'person']),
  state: z.enum(exportStates),
  createdAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().optional(),
  /** Until when its files are kept. */
  expiresAt: z.iso.datetime().optional(),
  /** How often it failed: it is tried again, and given up at the fifth time. */
  failedCount: z.int(),
  /** Of one that failed: when it goes on. */
  nextAttemptAt: z.iso.datetime().optional(),
  /** What is written so far. */
  fileCount: z.int(),
  rowCount: z.int(),
  sizeBytes: z.int(),
});

const exportId = idSchema('xpt');

const rowsByClass = z.record(z.string(), z.int());

const erasureAnswer = z.object({
  id: idField('ers'),
  /** Whom it is about; absent once it is over: a receipt names nobody. */
  person: z.string().optional(),
  state: z.enum(erasureStates),
  createdAt: z.iso.datetime(),
  confirmedAt: z.iso.datetime().optional(),
  doneAt: z.iso.datetime().optional(),
  /** Rows by class of data: what there was before. */
  found: rowsByClass,
  /** And what was changed or removed. */
  erased: rowsByClass,
  /** Sessions that the person is in. They go on, and it is done when they are over. */
  liveCount: z.int(),
  /** Policies that accounts above say about the endpoint of the person, when it was counted or done. They stay under its name. */
  wordsAboveCount: z.int(),
  /** What one that is confirmed waits for. `another_owner`: the person alone owns this account, or one below it. */
  waitsFor: z.enum(erasureWaits).optional(),
});

const erasureId = idSchema('ers');

export const privacy = defineDomain({
  name: 'privacy',
  title: 'Privacy',
  summary: 'What is kept about persons and for how long, what leaves with an account, and what is erased.',
  events: {
    /** For how long what is kept. */
    'retention.changed': z.object({}),
    'export.started': z.object({ exportId: idField('xpt'), scope: z.enum(['account', 'person']) }),
    'export.removed': z.object({ exportId: idField('xpt') }),
    /** It can be fetched until `expiresAt`: ask for a link to it. */
    'export.ready': z.object({
      exportId: idField('xpt'),
      scope: z.enum(['account', 'person']),
      expiresAt: z.iso.datetime(),
    }),
    'export.failed': z.object({ exportId: idField('xpt') }),
    'erasure.asked': z.object({ erasureId: idField('ers') }),
    'erasure.decided': z.object({ erasureId: idField('ers'), state: z.enum(['running', 'cancelled']) }),
    /** Of nobody that is named: what was changed or removed, by class of data. */
    'erasure.done': z.object({ erasureId: idField('ers'), erased: rowsByClass }),
  },
  errors: {
    out_of_bounds: {
      status: 422,
      title: 'A level above bounds for how long this is kept.',
      owner: 'config',
      retry: 'never',
      remedy:
        'Set days within the bounds that `detail` names, or ask who can change the level named in `level`.',
    },
    bounds_crossed: {
      status: 422,
      title: 'The days have to lie between the least and the most that are set with them.',
      owner: 'client',
      retry: 'never',
      remedy: 'Set keepDaysMin, keepDays and keepDaysMax in rising order, or leave some out.',
    },
    operators_only: {
      status: 422,
      title: 'Only whoever runs the platform sets for how long this is kept.',
      owner: 'config',
      retry: 'never',
      remedy: 'Leave the class out.',
    },
    export_at_work: {
      status: 409,
      title: 'Another export of this account is being made.',
      owner: 'client',
      retry: 'after',
      remedy: 'Wait until it is ready, or remove it.',
    },
    export_not_in_region: {
      status: 409,
      title: 'The export would be kept outside the regions that are set for data.',
      owner: 'config',
      retry: 'never',
      remedy:
        'Ask whoever runs the platform where its storage is, or change `dataRegions` of the policy at the level that set it.',
    },
    erasure_at_work: {
      status: 409,
      title: 'Another erasure of this account is not over.',
      owner: 'client',
      retry: 'after',
      remedy: 'Confirm or cancel it, or wait until it is done.',
    },
    erasure_not_counted: {
      status: 409,
      title: 'The erasure cannot be decided in this state.',
      owner: 'client',
      retry: 'after',
      remedy: 'Wait until it is counted before confirming it. One that runs or is done cannot be cancelled.',
    },
    last_owner: {
      status: 409,
      title: 'This user is the only owner of the account, or of one below it.',
      owner: 'client',
      retry: 'never',
      remedy: 'Make somebody else an owner first.',
    },
    export_not_ready: {
      status: 409,
      title: 'The export is not ready, or not any more.',
      owner: 'client',
      retry: 'after',
      remedy: 'Wait until its state is ready; ask for a new one if it failed or expired.',
    },
  },
  resources: {
    retention: {
      title: 'Retention',
      mount: 'account',
      operations: {
        get: {
          method: 'GET',
          path: '/retention',
          summary:
            'Read every class of data: what it holds about persons, for how long it is kept here and who says so.',
          access: 'read',
          request: z.object(from),
          response: retentionAnswer,
          errors: ['resource.unknown'],
        },
        set: {
          method: 'PUT',
          path: '/retention',
          summary:
            'Set for how long this account keeps each class, and the bounds for it and the accounts below: what is left out is not set here. What each account above sets is a word of its own.',
          access: 'administer',
          isAllowedAtClosed: true,
          replaces: 'get',
          request: z.strictObject({ ...from, ...retentionWordShape }),
          response: retentionAnswer,
          errors: [
            'resource.unknown',
            'privacy.out_of_bounds',
            'privacy.bounds_crossed',
            'privacy.operators_only',
          ],
        },
        getRound: {
          method: 'GET',
          path: '/retention/round',
          summary:
            'Read how far the removing of what is old has come. It goes over all accounts, so only the platform’s own account has it.',
          access: 'administer',
          request: z.object({}),
          response: z.object({
            startedAt: z.iso.datetime(),
            /** Absent while it runs. */
            finishedAt: z.iso.datetime().optional(),
            /** Accounts that are done. */
            accountCount: z.int(),
            /** Rows that were removed, by class; and whole days of usage. */
            removed: z.record(z.string(), z.int()),
          }),
          errors: ['resource.unknown'],
        },
      },
    },
    dataPlaces: {
      title: 'Places of data',
      mount: 'account',
      operations: {
        get: {
          method: 'GET',
          path: '/data-places',
          summary:
            'Read in which regions data of this account are kept, where the storage and the nodes are, and where each class is besides.',
          access: 'read',
          request: z.object({}),
          response: placesAnswer,
          errors: [],
        },
      },
    },
    exports: {
      title: 'Exports',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/exports',
          summary: 'Read the exports of this account, newest first, with how far each has come.',
          access: 'administer',
          request: pageRequest,
          response: pageOf(exportAnswer),
          errors: [],
        },
        create: {
          method: 'POST',
          path: '/exports',
          summary:
            'Have a copy made of everything that this account and those below it own, or of what is there of one person.',
          access: 'administer',
          isAllowedAtClosed: true,
          request: z.strictObject({ person: person.optional() }),
          response: exportAnswer,
          errors: ['privacy.export_at_work', 'privacy.export_not_in_region'],
        },
        get: {
          method: 'GET',
          path: '/exports/{exportId}',
          summary: 'Read how far an export has come.',
          access: 'administer',
          request: z.object({ exportId }),
          response: exportAnswer,
          errors: ['resource.unknown'],
        },
        createLink: {
          method: 'POST',
          path: '/exports/{exportId}/links',
          summary: 'Make a link from which the archive is read without a key, for ten minutes.',
          access: 'administer',
          isAllowedAtClosed: true,
          linkedFile: {
            name: 'archive',
            path: EXPORT_PATH,
            mediaType: 'application/gzip',
            summary:
              'Read the archive of an export by a link that was made for it; from a byte on, with Range.',
            request: z.object({
              exportId,
              account: idSchema('acc'),
              /** Milliseconds since 1970. */
              expires: z.string(),
              signature: z.string(),
            }),
          },
          request: z.strictObject({ exportId }),
          response: z.object({
            /** Below the address of the platform. */
            path: z.string(),
            expiresAt: z.iso.datetime(),
            sizeBytes: z.int(),
          }),
          errors: ['resource.unknown', 'privacy.export_not_ready'],
        },
        remove: {
          method: 'DELETE',
          path: '/exports/{exportId}',
          summary: 'Remove an export and its files, at work or done.',
          access: 'administer',
          isAllowedAtClosed: true,
          request: z.object({ exportId }),
          response: z.object({ id: idField('xpt') }),
          errors: ['resource.unknown'],
        },
      },
    },
    erasures: {
      title: 'Erasures',
      mount: 'account',
      operations: {
        list: {
          method: 'GET',
          path: '/erasures',
          summary: 'Read the erasures of this account, newest first; of those that are over, the receipts.',
          access: 'administer',
          request: pageRequest,
          response: pageOf(erasureAnswer),
          errors: [],
        },
        create: {
          method: 'POST',
          path: '/erasures',
          summary:
            'Have it counted what is kept of a person in this account and below it. Nothing is erased before it is confirmed.',
          access: 'own',
          isAllowedAtClosed: true,
          request: z.strictObject({ person }),
          response: erasureAnswer,
          errors: ['resource.unknown', 'auth.scope', 'privacy.erasure_at_work', 'privacy.last_owner'],
        },
        get: {
          method: 'GET',
          path: '/erasures/{erasureId}',
          summary: 'Read what was counted, or what was erased.',
          access: 'administer',
          request: z.object({ erasureId }),
          response: erasureAnswer,
          errors: ['resource.unknown'],
        },
        update: {
          method: 'PATCH',
          path: '/erasures/{erasureId}',
          summary: 'Confirm an erasure that was counted, or cancel it. What is erased does not come back.',
          access: 'own',
          isAllowedAtClosed: true,
          request: z.strictObject({ erasureId, state: z.enum(['running', 'cancelled']) }),
          response: erasureAnswer,
          errors: ['resource.unknown', 'auth.scope', 'privacy.erasure_not_counted'],
        },
      },
    },
  },
});
