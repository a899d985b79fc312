import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** Each field that was refused, and why: '/prices/bytes: Unrecognized key: "freeUnits"'. */
export function placesOf(issues: readonly Issue[], above: readonly PropertyKey[] = []): readonly string[] {
  return issues.flatMap((issue) => {
    const path = [...above, ...issue.path];
    const meant = issue.code === 'invalid_union' ? meantOf(issue.errors) : undefined;
    return meant === undefined ? [`/${path.map(String).join('/')}: ${issue.message}`] : placesOf(meant, path);
  });
}

/** Of several forms, the one that the caller meant: whose type as a whole was right. Undefined where that is unclear. */
function meantOf(forms: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const meant = forms.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  return meant.length === 1 ? meant[0] : undefined;
}
