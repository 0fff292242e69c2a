/** What stands where something was blacked out. A token is never looked into again, so a second pass finds what the first one left. */
export const tokens = { mail: '[mail]', phone: '[phone]', address: '[address]', id: '[id]', name: '[name]' } as const;

export const anyToken = /(\[(?:mail|phone|address|id|name)\])/;

/** Applies `act` to what lies between tokens. */
export function outsideTokens(text: string, act: (part: string) => string): string {
  if (!text.includes('[')) return act(text);
  return text
    .split(anyToken)
    .map((part, index) => (index % 2 === 1 || part === '' ? part : act(part)))
    .join('');
}
