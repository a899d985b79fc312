import { controlPlane } from '../../../../server/compose.ts';

export const dynamic = 'force-dynamic';

export function PUT(request: Request): Promise<Response> {
  const control = controlPlane();
  return control.answering(() => control.takeUpload(request));
}
