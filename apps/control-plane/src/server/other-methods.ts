import { controlPlane } from './compose.ts';

/** A file takes a GET alone. What else comes to its address, the API answers: with 405 and the methods that there are. */
export function answerOtherMethod(request: Request): Promise<Response> {
  const control = controlPlane();
  return control.answering(() => control.rest(request), request.headers);
}
