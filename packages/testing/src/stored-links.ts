/** Links to stored files, signed by nobody. */
const pathTo =
  (where: string) =>
  ({
    accountId,
    id,
    expiresMs,
  }: {
    readonly accountId: string;
    readonly id: string;
    readonly expiresMs: number;
  }) =>
    `/api/${where}/${id}?account=${accountId}&expires=${expiresMs}&signature=s`;

export const unsignedLinks = {
  pathOf: pathTo('media'),
  uploadPathOf: pathTo('uploads'),
  urlOf: (path: string, baseUrl = 'https://patchbay.test') => `${baseUrl}${path}`,
};
