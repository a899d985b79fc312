export const dynamic = 'force-dynamic';

/** Whether the process answers at all, whatever it depends on: /api/health asks for that. */
export function GET(): Response {
  return Response.json({ status: 'ok' });
}
