// How the shell that owns the socket hands on what nothing behind it takes. From a client neither is believed.

/** Where a request goes whose path nobody can decode: what is wrong with it is said there. */
export const UNREADABLE_PATH = '/v1/~unreadable';

/** The method of a request that comes in as OPTIONS, because no Request may have it, as TRACE. */
export const METHOD_HEADER = 'x-patchbay-method';
