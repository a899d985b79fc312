/** The two letters of ISO 3166-1, such as `DE`. */
export const countryPattern = /^[A-Z]{2}$/;

/** Where an address is that no table knows. ISO 3166-1 leaves this code to its users, and it may be allowed like others. */
export const UNKNOWN_COUNTRY = 'ZZ';
