import { controlPlane } from '../../../../server/compose.ts';
import { takeUpload } from '../../../../server/take-upload.ts';

export const dynamic = 'force-dynamic';

export function PUT(request: Request): Promise<Response> {
  const control = controlPlane();
  return control.answering(() => takeUpload(control, request));
}
