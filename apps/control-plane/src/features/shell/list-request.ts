/** Lines of a list that are fetched at once. */
const PAGE = 50;

/** The first page of a list of an account, said alike by the server that fetches ahead and by the page. */
export const listRequest = (accountId: string) => ({ accountId, limit: PAGE });

/** How a list goes on. */
export const paged = {
  getNextPageParam: ({ nextCursor }: { readonly nextCursor?: string | undefined }) => nextCursor,
};
