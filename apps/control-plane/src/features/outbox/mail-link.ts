/** The paragraph of a mail before who it is from, where that leads somewhere: what it is called, and the path of its page. */
export function linkOf(text: string): { readonly label: string; readonly path: string } | undefined {
  const paragraphs = text.split('\n\n');
  const closing = paragraphs.findLastIndex((paragraph) => paragraph.startsWith('– '));
  const [, label, url] = /^(.+): (https?:\/\/\S+)$/.exec(paragraphs[closing - 1] ?? '') ?? [];
  return label === undefined || url === undefined ? undefined : { label, path: new URL(url).pathname };
}
