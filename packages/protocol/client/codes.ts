/** What goes wrong in a client of ours: before the platform is asked, on the way, or for want of it. Codes are public and stay (API-1). */
export const clientFailures = {
  'client.not_configured': {
    title: 'A setting of the SDK is missing.',
    remedy: 'Set the variable that the message names, or pass the option.',
  },
  'client.secret_in_browser': {
    title: 'A secret key is in a browser, where everyone who opens the page can read it.',
    remedy:
      'Mint tokens on your server, give those to the browser, and revoke the key if the page was published.',
  },
  'client.unreachable': {
    title: 'The platform could not be reached.',
    remedy: 'Check the address and the network; patchbay doctor says which part is in the way.',
  },
  'client.timeout': {
    title: 'No answer came in time.',
    remedy: 'Try again, or allow more time by timeoutMs.',
  },
  'client.unexpected_answer': {
    title: 'Something else answered in place of the platform.',
    remedy: 'Look for a proxy or a page of errors at the address that the message names.',
  },
  'client.closed': {
    title: 'This client was closed.',
    remedy: 'Make a new client: one that was closed stays so.',
  },
  'client.token_invalid': {
    title: 'The token source gave something that is no token.',
    remedy: 'Let the endpoint answer what tokenHandler answers: token, signalUrl and expiresAtMs.',
  },
  'client.token_refused': {
    title: 'The token endpoint of the application refused.',
    remedy: 'Look at the answer of the endpoint: most often nobody is signed in.',
  },
  'client.development_only': {
    title: 'TokenSource.development works on localhost only.',
    remedy: 'Use TokenSource.endpoint, and say on your server who asks.',
  },
  'client.insecure_page': {
    title: 'Browsers give a camera and a microphone to secure pages only.',
    remedy: 'Serve the page over https, or from localhost.',
  },
  'client.device_denied': {
    title: 'The person or the browser denied the camera or microphone.',
    remedy: "Ask the person to allow it in the browser's settings of this page.",
  },
  'client.device_missing': {
    title: 'There is no such camera or microphone.',
    remedy: 'Let the person choose among the devices that are there, or call without video.',
  },
  'client.device_busy': {
    title: 'Another program uses the camera or microphone.',
    remedy: 'Ask the person to close the other program.',
  },
  'client.device_failed': {
    title: 'The camera or microphone could not be opened.',
    remedy: 'Try another device; the cause of the error is what the browser said.',
  },
  'client.push_denied': {
    title: 'Its user wants no notifications in this browser.',
    remedy:
      'Ask when somebody clicks, and say why. Once denied, only the settings of the browser allow it again.',
  },
  'client.push_unsupported': {
    title: 'This browser takes no push messages.',
    remedy: 'Serve the page over https. On an iPhone the page has to be added to the home screen first.',
  },
  'client.webhook_invalid': {
    title: 'The request is no webhook that was signed with this secret.',
    remedy:
      'Check the secret and the clock of this server, and hand the body over as it came: read it before anything parses it.',
  },
  'client.screen_denied': {
    title: 'The person or the browser did not allow sharing the screen.',
    remedy: 'Offer the button again: each sharing asks anew.',
  },
} as const satisfies Readonly<
  Record<`client.${string}`, { readonly title: string; readonly remedy: string }>
>;

export type ClientErrorCode = keyof typeof clientFailures;
