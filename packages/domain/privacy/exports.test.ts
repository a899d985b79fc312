import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import { beforeEach, describe, expect, test } from 'vitest';
import { effectivePolicy } from '../policy/effective-policy.ts';
import { account, level } from '../policy/policy.testing.ts';
import { privacy } from './definition.ts';
import { EXPORT_LINK_LIFETIME_MS, exportLinks } from './export-link.ts';
import { handlers } from './handlers.ts';
import type { ExportRecord, PlacePorts, PrivacyPorts } from './ports.ts';

const accountId = createId('acc', 3);
const exportId = createId('xpt');
const record: ExportRecord = {
  id: exportId,
  accountId,
  scope: 'account',
  state: 'ready',
  createdAt: new Date(0),
  finishedAt: new Date(1_000),
  expiresAt: new Date(2_000),
  failedCount: 0,
  nextAttemptAt: undefined,
  fileCount: 3,
  rowCount: 20,
  sizeBytes: 4_000,
};

let places: PlacePorts;
beforeEach(() => {
  places = { storageRegions: [], dataRegions: async () => undefined, nodes: async () => [] };
});

function portsOf(exports: Partial<PrivacyPorts['exports']> = {}): PrivacyPorts {
  const known = (asked: { exportId: string }) => (asked.exportId === exportId ? record : undefined);
  return {
    places,
    exports: {
      create: async () => record,
      list: async () => ({ items: [record], nextCursor: exportId }),
      find: async (asked) => known(asked),
      remove: async (asked) => known(asked),
      sign: (link) => `signed-${link.expiresMs}`,
      ...exports,
    },
  } as Partial<PrivacyPorts> as PrivacyPorts;
}

// One context serves all: which operation it is of is the compiler's to ask.
const contextFor = () => domainContext<typeof privacy, 'exports', 'get'>(privacy, { chain: [accountId] });
const written = {
  id: exportId,
  scope: 'account',
  state: 'ready',
  createdAt: '1970-01-01T00:00:00.000Z',
  finishedAt: '1970-01-01T00:00:01.000Z',
  expiresAt: '1970-01-01T00:00:02.000Z',
  failedCount: 0,
  fileCount: 3,
  rowCount: 20,
  sizeBytes: 4_000,
};

describe('exports', () => {
  test('get 200: one that failed says how often, and when it goes on', async () => {
    const nextAttemptAt = new Date(3_000);
    const failing = { ...record, state: 'running', failedCount: 2, nextAttemptAt } as const;
    const { context } = contextFor();
    const answer = await handlers.exports.get(context, { exportId }, portsOf({ find: async () => failing }));
    expect(answer).toMatchObject({ failedCount: 2, nextAttemptAt: nextAttemptAt.toISOString() });
  });

  test('list 200: what was made, with how far it has come', async () => {
    const { context } = contextFor();
    const page = await handlers.exports.list(context as never, { limit: 20 }, portsOf());
    expect(page).toEqual({ items: [written], nextCursor: exportId });
    expect(privacy.resources.exports.operations.list.response.parse(page)).toEqual(page);
  });

  test('create 200: the audit log has that it was asked for, and never of whom', async () => {
    const { context, audited } = contextFor();
    const made = await handlers.exports.create(context as never, { person: 'user:bob' }, portsOf());
    expect(made).toEqual(written);
    expect(audited).toEqual([{ target: exportId, after: { scope: 'account' } }]);
    expect(JSON.stringify(audited)).not.toContain('bob');
  });

  test('create 409: one of an account is made at a time', async () => {
    const { context, audited } = contextFor();
    const ports = portsOf({ create: async () => undefined });
    await expect(handlers.exports.create(context as never, {}, ports)).rejects.toMatchObject({
      fields: { code: 'privacy.export_at_work' },
    });
    expect(audited).toEqual([]);
  });

  test('create 409: none is made where its files would be kept outside the regions of data (PRD-4)', async () => {
    const { dataRegions } = effectivePolicy([level(account(accountId), { values: { dataRegions: ['eu'] } })]);
    const create = async (storageRegions: readonly string[]) => {
      places = { ...places, storageRegions, dataRegions: async () => dataRegions };
      return await handlers.exports.create(contextFor().context as never, {}, portsOf());
    };
    expect(await create(['eu'])).toEqual(written);
    for (const moved of [['us'], ['eu', 'us'], []])
      await expect(create(moved)).rejects.toMatchObject({
        fields: { code: 'privacy.export_not_in_region' },
      });
  });

  test('get 200: one export', async () => {
    expect(await handlers.exports.get(contextFor().context, { exportId }, portsOf())).toEqual(written);
  });

  test('createLink 200: a link of ten minutes, to this export alone', async () => {
    const { context, audited } = contextFor();
    const link = await handlers.exports.createLink(context as never, { exportId }, portsOf());
    const expiresMs = context.nowMs() + EXPORT_LINK_LIFETIME_MS;
    expect(link.path).toContain(`/api/exports/${exportId}?account=${accountId}&expires=${expiresMs}`);
    expect(exportLinks.from(new URL(link.path, 'https://b.test'))).toEqual({
      accountId,
      id: exportId,
      expiresMs,
      signature: `signed-${expiresMs}`,
    });
    expect(JSON.stringify(audited)).not.toContain('signed-');
  });

  test('createLink 409: one that is not ready has none', async () => {
    const { context } = contextFor();
    const ports = portsOf({ find: async () => ({ ...record, state: 'running' }) });
    await expect(handlers.exports.createLink(context as never, { exportId }, ports)).rejects.toMatchObject({
      fields: { code: 'privacy.export_not_ready' },
    });
  });

  test('remove 200: with its files, at work or done', async () => {
    const { context, audited } = contextFor();
    expect(await handlers.exports.remove(context as never, { exportId }, portsOf())).toEqual({
      id: exportId,
    });
    expect(audited).toEqual([{ target: exportId, before: { scope: 'account', state: 'ready' } }]);
  });

  test.each([
    ['get 404: ', 'get'],
    ['createLink 404: ', 'createLink'],
    ['remove 404: ', 'remove'],
  ] as const)('%s what there is not, and what is somebody else’s', async (_title, name) => {
    const { context, audited } = contextFor();
    const work = handlers.exports[name](context as never, { exportId: createId('xpt') }, portsOf());
    await expect(work).rejects.toMatchObject({ fields: { code: 'resource.unknown' } });
    expect(audited).toEqual([]);
  });
});
