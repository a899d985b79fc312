/** What the demo account is, for `dev.env`. */
export interface Demo {
  readonly accountId: string;
  /** The one secret string of its key. */
  readonly key: string;
  readonly email: string;
  readonly password: string;
}

export interface FirstStartOptions {
  /** Of the owner of the database. */
  readonly databaseUrl: string;
  readonly masterKey: string;
}

/** What a first start does to a database that has just been migrated. Each does nothing the second time. */
export interface FirstStart {
  /** Makes the demo account with a user and a key; undefined when the database has accounts already. */
  seedDemo(options: FirstStartOptions): Promise<Demo | undefined>;
  /** The path of the one-time page on which the owner sets a password; undefined when there is an owner. */
  ownerSetUpPath(options: FirstStartOptions): Promise<string | undefined>;
}
