/** A document as the file that it is: what `documents.getPdf` answers, asked for with the caller's own key. */
export async function serveDocumentFile(
  request: Request,
  rest: (asked: Request) => Promise<Response>,
): Promise<Response> {
  const address = new URL(request.url);
  address.pathname = address.pathname.replace(/\/document\.pdf$/, '/pdf');
  const answer = await rest(new Request(address, { headers: request.headers, signal: request.signal }));
  if (!answer.ok) return answer;
  const { fileName, mediaType, base64 } = await answer.json();
  const headers = new Headers(answer.headers);
  headers.set('content-type', mediaType);
  headers.set('content-disposition', `attachment; filename="${fileName}"`);
  headers.delete('content-length');
  return new Response(Uint8Array.from(Buffer.from(base64, 'base64')), { headers });
}
