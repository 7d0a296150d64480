/** The path under which the hub serves, without a slash at its end: `""`, or `"/hub"`. The hub writes it into `<base>`. */
export const prefix = new URL('.', document.baseURI).pathname.replace(/\/$/, '');
