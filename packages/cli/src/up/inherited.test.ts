import { expect, test } from 'vitest';
import { inheritedBy } from './inherited.ts';

const environment = {
  PATH: '/usr/bin',
  SMTP_URL: 'smtp://mail.test',
  DATABASE_URL: 'postgresql://elsewhere.test/db',
  PATCHBAY_DNS_SERVERS: '192.0.2.53',
  PATCHBAY_EVENT_RETENTION_DAYS: '90',
  PATCHBAY_REGION: 'eu',
  PATCHBAY_KEY: 'pk_secret',
  PATCHBAY_WEBHOOK_SECRET: 'whsec_secret',
  PATCHBAY_URL: 'https://elsewhere.test',
};

test('a part of the platform has the settings of operators that no flag is for, and nothing that a customer or a flag has set', () => {
  expect(inheritedBy({ isOfOperator: true }, environment)).toEqual({
    PATH: '/usr/bin',
    SMTP_URL: 'smtp://mail.test',
    PATCHBAY_DNS_SERVERS: '192.0.2.53',
    PATCHBAY_EVENT_RETENTION_DAYS: '90',
  });
});

test('the sample has no setting of operators', () => {
  expect(Object.keys(inheritedBy({ isOfOperator: false }, environment))).toEqual(['PATH', 'SMTP_URL']);
});
