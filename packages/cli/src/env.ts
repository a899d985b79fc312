/** All that the command line reads of its environment goes through here. */
export const environment: Readonly<Record<string, string | undefined>> = process.env;
