/** An identifier such as `acc_01k…`, as the platform gives it. An account's cannot be passed for a key's. */
export type Id<Prefix extends string> = string & { readonly __prefix: Prefix };

/** What a call takes: an identifier of the right kind, or a text that was kept somewhere and says nothing of its kind. */
export type IdLike<Prefix extends string> = string & { readonly __prefix?: Prefix };
