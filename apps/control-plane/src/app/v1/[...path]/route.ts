import { controlPlane } from '../../../server/compose.ts';

export const dynamic = 'force-dynamic';

function serve(request: Request): Promise<Response> {
  const control = controlPlane();
  return control.answering(() => control.rest(request), request.headers);
}

export {
  serve as DELETE,
  serve as GET,
  serve as HEAD,
  serve as OPTIONS,
  serve as PATCH,
  serve as POST,
  serve as PUT,
};
