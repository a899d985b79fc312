import { controlPlane } from '../../../../../../../../../server/compose.ts';
import { serveSpeechAudio } from '../../../../../../../../../server/serve-media.ts';

export const dynamic = 'force-dynamic';

export function GET(request: Request): Promise<Response> {
  const control = controlPlane();
  return control.answering(
    () => serveSpeechAudio(control, request, (asked) => control.rest(asked)),
    request.headers,
  );
}
