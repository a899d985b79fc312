import type {
  NoticeContent,
  NoticeRecord,
  Receipt,
  SubscriptionRecord,
  Urgency,
} from '@patchbay/domain/notices/notice';
import type { NoticeTarget } from '@patchbay/domain/notices/notice-target';
import type { CredentialWay } from '@patchbay/domain/notices/notice-way';
import type { Entity } from '@patchbay/kit/definition';

interface Paged {
  readonly accountId: string;
  /** The identifier of an endpoint. */
  readonly endpoint?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}
interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

export interface AskedNotice {
  readonly entity: Entity;
  readonly endpoint: string;
  readonly content: NoticeContent;
  readonly urgency: Urgency;
  readonly ways: readonly string[];
  readonly ttlSeconds: number;
  readonly emailsPerDayMax: number;
}

export interface WayRecord {
  readonly way: CredentialWay;
  readonly settings: Readonly<Record<string, string>>;
  readonly publicKey?: string | undefined;
  readonly changedAt: Date;
}

/** What notices need from the world. All of it is of the account that is named. */
export interface NoticePorts {
  readonly notices: {
    /** 'too_many': as many wait as may. */
    send(asked: AskedNotice): Promise<NoticeRecord | 'too_many'>;
    find(one: { readonly accountId: string; readonly noticeId: string }): Promise<NoticeRecord | undefined>;
    list(page: Paged): Promise<PageOf<NoticeRecord>>;
    /** As it stood before. 'over': nothing is left to be done. */
    cancel(one: {
      readonly accountId: string;
      readonly noticeId: string;
    }): Promise<NoticeRecord | 'over' | undefined>;
    /** As it stands then, with an event where it is news. */
    note(one: {
      readonly accountId: string;
      readonly noticeId: string;
      readonly receipt: Receipt;
    }): Promise<NoticeRecord | undefined>;
  };
  readonly targets: {
    /** Whether it is new, or other than it was. 'too_many': the endpoint has as many as it may. */
    add(one: {
      readonly accountId: string;
      readonly endpoint: string;
      readonly device?: string | undefined;
      readonly target: NoticeTarget;
    }): Promise<{ readonly record: SubscriptionRecord; readonly isNews: boolean } | 'too_many'>;
    list(page: Paged): Promise<PageOf<SubscriptionRecord>>;
    remove(one: {
      readonly accountId: string;
      readonly subscriptionId: string;
    }): Promise<SubscriptionRecord | undefined>;
    /** Why nothing is sent to a URL; undefined where it is. */
    refusalOf(url: string): Promise<string | undefined>;
  };
  readonly ways: {
    list(accountId: string): Promise<readonly WayRecord[]>;
    /** As it stood before. Keys of web-push are made where there are none. */
    set(one: {
      readonly accountId: string;
      readonly way: CredentialWay;
      readonly settings: WayRecord['settings'];
      readonly secret: Readonly<Record<string, string>>;
    }): Promise<{ readonly before: WayRecord | undefined; readonly after: WayRecord }>;
    remove(one: { readonly accountId: string; readonly way: CredentialWay }): Promise<WayRecord | undefined>;
  };
}
