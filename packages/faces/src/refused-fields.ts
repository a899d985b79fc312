import { platformError, type ServiceError } from '@patchbay/kit/errors';
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

interface Placed {
  readonly issue: Issue;
  readonly path: readonly PropertyKey[];
}

/** What is wrong with a request: every field by name, or the lists that hold more than one request may. */
export function invalidRequest(issues: readonly Issue[], cause?: unknown): ServiceError {
  const placed = placedIn(issues);
  const isTooMany = placed.length > 0 && placed.every(({ issue }) => isOfCount(issue));
  return platformError(isTooMany ? 'request.too_many' : 'request.invalid', textOf(placed), cause);
}

/** What was sent in the query of a request whose fields stand in its body. */
export function misplacedFields(names: readonly string[]): ServiceError {
  const listed = names.slice(0, PLACE_COUNT_MAX).map((name) => JSON.stringify(name.slice(0, NAME_SIZE_MAX)));
  return platformError(
    'request.invalid',
    `The query has ${listed.join(', ')}: this operation takes no query parameters, its fields go into the body.`,
  );
}

const isOfCount = (issue: Issue): boolean =>
  issue.code === 'too_big' && (issue.origin === 'array' || issue.origin === 'record');

/** Each field that was refused, and why: '/prices/bytes: Unrecognized key: "freeUnits"'. No refusal is longer for a longer request. */
const textOf = (placed: readonly Placed[]): string =>
  placed
    .slice(0, PLACE_COUNT_MAX)
    .map(({ issue, path }) => `/${path.map(String).join('/')}: ${issue.message}`)
    .join('; ');

const PLACE_COUNT_MAX = 20;
/** Characters that are shown of a name. */
const NAME_SIZE_MAX = 60;

function placedIn(issues: readonly Issue[], above: readonly PropertyKey[] = []): readonly Placed[] {
  return issues.flatMap((issue) => {
    const path = [...above, ...issue.path];
    const meant = issue.code === 'invalid_union' ? meantOf(issue.errors) : undefined;
    return meant === undefined ? [{ issue, path }] : placedIn(meant, path);
  });
}

/** Of several forms, the one that the caller meant: whose type as a whole was right. Undefined where that is unclear. */
function meantOf(forms: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const meant = forms.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  return meant.length === 1 ? meant[0] : undefined;
}
