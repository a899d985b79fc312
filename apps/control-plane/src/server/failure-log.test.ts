import { expect, test } from 'vitest';
import { rootOf } from './failure-log.ts';

test('C45: a log line names the root of a failure and where it began, and repeats no arguments', () => {
  const root = new TypeError('Invalid invocation:\n{ data: { secret: "s3cret" } }\nUnknown argument');
  const error = new Error('outer', { cause: new Error('inner', { cause: root }) });
  expect(rootOf(error)).toMatchObject({ name: 'TypeError', message: 'Unknown argument' });
  expect(rootOf(error).at[0]).toContain('failure-log.test.ts');
  expect(JSON.stringify(rootOf(error))).not.toContain('s3cret');
  expect(rootOf('text')).toMatchObject({ message: 'text' });
});
