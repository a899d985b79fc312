/** Who may say for how long a class of data is kept. */
export type ChangedBy = 'account' | 'operator';

/** Kept for a number of days, which can be set. */
export interface KeptForDays {
  readonly defaultDays: number;
  readonly minDays: number;
  /** Why no level can keep it for less. */
  readonly minWhy: string;
  readonly maxDays: number;
  readonly changedBy: ChangedBy;
}

export interface DataClass {
  readonly title: string;
  /** What it says about persons. */
  readonly holds: string;
  /** Days that can be set, or in words how long it is kept, whatever anybody sets. */
  readonly kept: KeptForDays | string;
  /** What stays when it is gone. */
  readonly remains: string;
  /** Where it is besides the storage of the platform, or before it comes there. Absent: nowhere. */
  readonly elsewhere?: string;
  /** Why no export has it; absent where it has. */
  readonly notExportedWhy?: string;
}

const YEAR_DAYS = 365;
const MAX_DAYS = 10 * YEAR_DAYS;
/** Usage is taken so many days late, and known by its record: what was forgotten sooner could be counted twice (MET-2). */
const LATE_USAGE_DAYS = 70;

/**
 * Everything that is stored, by class (PRD-4). What can be set, what is removed and when, what an export has and what the
 * page of facts says are read from here; which tables a class has is in `adapters/privacy/class-tables.ts`.
 */
export const dataClasses = {
  sessionLogs: {
    title: 'Session logs',
    holds: 'Who called whom and when (identities), media kinds, quality, how each session ended.',
    kept: {
      defaultDays: 90,
      minDays: 7,
      minWhy: 'A node that was cut off hands its lines in when it is back.',
      maxDays: MAX_DAYS,
      changedBy: 'account',
    },
    remains: 'Usage and statements.',
    elsewhere: 'On the disk of the node that served, or refused, until it is handed in.',
  },
  refusedRequests: {
    title: 'Refused requests',
    holds: 'Who asked for what, by key or by name, and why it was refused.',
    kept: {
      defaultDays: 30,
      minDays: 1,
      minWhy: 'Somebody has to be able to ask why.',
      maxDays: YEAR_DAYS,
      changedBy: 'account',
    },
    remains: 'Nothing. Of each account only the newest 10,000 are kept in any case.',
  },
  usageRecords: {
    title: 'Usage, record by record',
    holds: 'Which identity used what in which session, to the second.',
    kept: {
      defaultDays: 2 * YEAR_DAYS,
      minDays: LATE_USAGE_DAYS,
      minWhy: 'Usage is taken up to 63 days late, and a record that was forgotten could be counted twice.',
      maxDays: MAX_DAYS,
      changedBy: 'account',
    },
    remains:
      'Minute totals, session totals, the ledger and statements; and closed totals by account, day and meter, so that they can be recomputed.',
    elsewhere: 'On the disk of the node that counted it, until it is handed in.',
  },
  refusedUsage: {
    title: 'Usage that was not counted',
    holds: 'Records as nodes reported them: identities and sessions.',
    kept: {
      defaultDays: 90,
      minDays: 7,
      minWhy: 'It is an alarm, which somebody has to see to.',
      maxDays: 2 * YEAR_DAYS,
      changedBy: 'account',
    },
    remains: 'Nothing: it was on no statement.',
    elsewhere: 'On the disk of the node that reported it, until it is handed in.',
  },
  events: {
    title: 'Events',
    holds: 'What happened, as webhooks are told of it: identities in sessions, names in changes of a team.',
    kept: {
      defaultDays: 30,
      minDays: 1,
      minWhy: 'Deliveries are tried for a day.',
      maxDays: MAX_DAYS,
      changedBy: 'account',
    },
    remains: 'Nothing. An event that is still to be delivered is kept until it is.',
    elsewhere: 'In the memory of a process that tells webhooks of it; and at your webhooks.',
  },
  channelMessages: {
    title: 'Messages of channels',
    holds: 'What you and your clients publish, the identity that published it, and who is in a channel now.',
    kept: 'as the namespace of the channel says, seven days at most',
    remains: 'Nothing.',
    elsewhere:
      'For ten minutes among the notices between processes, in the memory of nodes, and at clients that subscribe.',
  },
  notices: {
    title: 'Notices',
    holds: 'What an endpoint was told, on which ways, whether it came and was read.',
    kept: {
      defaultDays: 30,
      minDays: 1,
      minWhy: 'Somebody has to be able to see what became of it.',
      maxDays: MAX_DAYS,
      changedBy: 'account',
    },
    remains: 'Usage and statements. One that still has a way to go is kept until it is over.',
    elsewhere:
      'At push services, mail servers and providers of SMS that it goes out by, in the channel of the endpoint for a week, and on its devices.',
  },
  speechFiles: {
    title: 'Spoken texts',
    holds:
      'Files of speech, and what is told of each: whose endpoint it was for. The text goes once it is spoken.',
    kept: {
      defaultDays: 30,
      minDays: 1,
      minWhy: 'Whoever asked for it has to be able to fetch it.',
      maxDays: MAX_DAYS,
      changedBy: 'account',
    },
    remains: 'Usage and statements.',
    elsewhere: 'In the store of files, sealed; and where you fetch it to.',
  },
  speechDetections: {
    title: 'Speech detections',
    holds:
      'Where somebody speaks in sounds that were listened to, the sounds that you uploaded for it, and what is told of each job: whose endpoint it was for. An upload, and what was asked for, go once the job is over.',
    kept: {
      defaultDays: 30,
      minDays: 1,
      minWhy: 'Whoever asked for it has to be able to read it.',
      maxDays: MAX_DAYS,
      changedBy: 'account',
    },
    remains: 'Usage and statements.',
    elsewhere: 'In the store of files, sealed; and in a folder of the node while it listens.',
  },
  transcodedFiles: {
    title: 'Transcoded files',
    holds:
      'Files that were turned into others, those that you uploaded for it, and what is told of each job: whose endpoint it was for. An upload, and what was asked for, go once the job is over.',
    kept: {
      defaultDays: 30,
      minDays: 1,
      minWhy: 'Whoever asked for it has to be able to fetch it.',
      maxDays: MAX_DAYS,
      changedBy: 'account',
    },
    remains: 'Usage and statements.',
    elsewhere:
      'In the store of files, sealed; in a folder of the node while it works; and where you fetch it to.',
  },
  webhookDeliveries: {
    title: 'Webhook deliveries',
    holds: 'When each webhook was asked, and the beginning of what your server answered.',
    kept: {
      defaultDays: 30,
      minDays: 1,
      minWhy: 'Deliveries are tried for a day.',
      maxDays: MAX_DAYS,
      changedBy: 'account',
    },
    remains: 'The event, for as long as that is kept. No delivery outlives its event.',
    elsewhere: 'In the memory of the process that asks.',
  },
  triggerFirings: {
    title: 'Firings of triggers',
    holds: 'Nothing, unless a trigger counts what one identity uses.',
    kept: {
      defaultDays: YEAR_DAYS,
      minDays: LATE_USAGE_DAYS,
      minWhy: 'Usage that comes late must not fire a trigger a second time.',
      maxDays: MAX_DAYS,
      changedBy: 'account',
    },
    remains: 'The trigger, and its firing in the window that runs.',
  },
  auditEntries: {
    title: 'Audit log',
    holds: 'Who changed what: name, network address, and what stood there before and after.',
    kept: {
      defaultDays: 3 * YEAR_DAYS,
      minDays: YEAR_DAYS,
      minWhy: 'Who had an account changed must be able to look it up for a year.',
      maxDays: MAX_DAYS,
      changedBy: 'account',
    },
    remains: 'The number and the hash of the last entry that went, on which the chain of the others stands.',
  },
  mails: {
    title: 'Mails',
    holds:
      'To whom a mail went, its subject, and whether it was delivered. Its text is gone once it is sent.',
    kept: {
      defaultDays: 30,
      minDays: 1,
      minWhy: 'Delivery is tried for a day.',
      maxDays: 30,
      changedBy: 'account',
    },
    remains: 'Nothing.',
    elsewhere: 'At the mail server that it is handed to.',
  },
  signInRecords: {
    title: 'Sign-ins',
    holds:
      'When and from which address and browser somebody was signed in to the dashboard, and links that were sent.',
    kept: {
      defaultDays: 90,
      minDays: 1,
      minWhy: 'Somebody has to be able to see where they are signed in.',
      maxDays: YEAR_DAYS,
      changedBy: 'operator',
    },
    remains: 'Nothing. Failed tries are kept for 15 minutes, as a hash.',
    notExportedWhy: 'They are of persons, who may belong to several accounts, and not of an account.',
  },
  idempotencyAnswers: {
    title: 'Answers kept for repeated requests',
    holds: 'The answer to a request, encrypted.',
    kept: '24 hours',
    remains: 'Nothing.',
    notExportedWhy: 'They may hold secrets, and are gone in a day.',
  },
  credentialUse: {
    title: 'Use of credentials',
    holds: 'Ids of credentials that were revoked, or that count their uses.',
    kept: 'as long as the account',
    remains: 'Everything.',
    elsewhere: 'In the memory of the nodes that a credential was shown to.',
  },
  configuration: {
    title: 'Accounts and what is set for them',
    holds: 'Names of accounts and keys; an endpoint, a policy or a trigger may name an identity.',
    kept: 'as long as the account',
    remains: 'Everything. Secrets of keys and webhooks are in no export.',
    elsewhere:
      'In the memory of nodes that somebody of the account, or below it, came to: what they decide by.',
  },
  team: {
    title: 'People of the dashboard',
    holds: 'Name, e-mail address, role, a hash of the password, passkeys and second factors.',
    kept: 'as long as they have a role',
    remains: 'Their id, in the audit log.',
  },
  usageTotals: {
    title: 'Totals of usage',
    holds: 'Sums by minute and by session; those of a session name the identity.',
    kept: 'as long as the account',
    remains: 'Everything: invoices rest on it.',
  },
  money: {
    title: 'Prices, ledger, statements, documents and balances',
    holds:
      'Accounts and amounts; on documents what an account says of itself: name, address, tax id, e-mail.',
    kept: 'as long as the account, and as law asks',
    remains: 'Everything.',
    elsewhere: 'At the payment provider, where the platform collects by one.',
  },
  privacy: {
    title: 'Exports and erasures',
    holds: 'An erasure names the person until it is done; an export is a copy of your data.',
    kept: 'exports for 7 days, receipts as long as the account',
    remains: 'Receipts, which name nobody.',
    notExportedWhy: 'An export of exports would hold itself.',
  },
  operation: {
    title: 'Running the platform',
    holds: 'Nothing: nodes, tasks, notices between processes, counts that limits need for minutes.',
    kept: 'as long as it is needed',
    remains: 'Nothing.',
    elsewhere: 'On the disks of nodes: their own keys, and where the others are.',
    notExportedWhy: 'It belongs to no account.',
  },
} as const satisfies Readonly<Record<string, DataClass>>;

export type DataClassName = keyof typeof dataClasses;

type NamesKeptForDays = {
  [Name in DataClassName]: (typeof dataClasses)[Name]['kept'] extends string ? never : Name;
}[DataClassName];

/** A class whose days can be set. */
export type RetainedClassName = NamesKeptForDays;

export const dataClassNames = Object.keys(dataClasses) as readonly DataClassName[];

/** The table as what it is of: the literal types of its rows are for whoever names one. */
export const dataClassOf = (name: DataClassName): DataClass => dataClasses[name];

export const isRetained = (name: DataClassName): name is RetainedClassName =>
  typeof dataClasses[name].kept !== 'string';

export const retainedClassNames = dataClassNames.filter(isRetained);

export const keptDaysOf = (name: RetainedClassName): KeptForDays => dataClasses[name].kept;

export const isDataClassName = (name: string): name is DataClassName => Object.hasOwn(dataClasses, name);
