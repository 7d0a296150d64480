/** Names that the API takes. */

/** A DNS label (RFC 1123, section 2.1, in lower case): 1 to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit. */
export function isDnsLabel(text: string): boolean {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text);
}
