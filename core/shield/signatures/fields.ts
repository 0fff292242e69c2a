/**
 * Structured fields of HTTP (RFC 8941), as far as signatures use them: dictionaries of items and inner lists, read strictly and written back.
 *
 * What is not exactly in form is refused as a whole (null): a signature covers the canonical form, so a second reading of the same bytes would be
 * a second meaning. Not here: what a field is for (base.ts, bot.ts). Bytes stay base64 text, for there are no bytes in this room.
 */
export type Bare =
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'decimal' | 'token' | 'bytes'; readonly text: string }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'boolean'; readonly value: boolean };
export type Parameters = ReadonlyMap<string, Bare>;
export type Item = { readonly kind: 'item'; readonly bare: Bare; readonly parameters: Parameters };
export type InnerList = { readonly kind: 'list'; readonly items: readonly Item[]; readonly parameters: Parameters };
export type Member = Item | InnerList;

/** More members, items or parameters than any signature needs. */
const most = 64;

class Malformed extends Error {
  override readonly name = 'Malformed';
}

/** The members by name, in their order; of two with one name the last counts, as the RFC has it. Null for what is no dictionary. */
export function parseDictionary(text: string): ReadonlyMap<string, Member> | null {
  const reader = new Reader(text);
  try {
    return reader.dictionary();
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

/** The canonical text of a member. */
export function serialize(member: Member): string {
  const inner = member.kind === 'item' ? bareText(member.bare) : `(${member.items.map(serialize).join(' ')})`;
  return inner + parametersText(member.parameters);
}

export function parametersText(parameters: Parameters): string {
  return [...parameters]
    .map(([key, bare]) => (bare.type === 'boolean' && bare.value ? `;${key}` : `;${key}=${bareText(bare)}`))
    .join('');
}

function bareText(bare: Bare): string {
  switch (bare.type) {
    case 'integer':
      return String(bare.value);
    case 'decimal':
    case 'token':
      return bare.text;
    case 'bytes':
      return `:${bare.text}:`;
    case 'string':
      return `"${bare.value.replaceAll(/["\\]/g, '\\$&')}"`;
    case 'boolean':
      return bare.value ? '?1' : '?0';
    default:
      return bare satisfies never;
  }
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text.replace(/^ +/, '').replace(/ +$/, '');
  }

  dictionary(): ReadonlyMap<string, Member> {
    const members = new Map<string, Member>();
    while (!this.#ended) {
      const key = this.#match(/[a-z*][a-z0-9_.*-]*/y);
      const member = this.#take('=') ? this.#member() : this.#flag();
      // The place is the last one's as well: a name that comes twice moves.
      members.delete(key);
      members.set(key, member);
      if (members.size > most) throw new Malformed();
      this.#match(/[ \t]*/y);
      if (this.#ended) break;
      this.#need(',');
      this.#match(/[ \t]*/y);
      if (this.#ended) throw new Malformed();
    }
    return members;
  }

  get #ended(): boolean {
    return this.#at >= this.#text.length;
  }

  #flag(): Item {
    return { kind: 'item', bare: { type: 'boolean', value: true }, parameters: this.#parameters() };
  }

  #member(): Member {
    if (!this.#take('(')) return this.#item();
    const items: Item[] = [];
    for (;;) {
      this.#match(/ */y);
      if (this.#take(')')) return { kind: 'list', items, parameters: this.#parameters() };
      items.push(this.#item());
      if (items.length > most || !/[ )]/.test(this.#text.charAt(this.#at))) throw new Malformed();
    }
  }

  #item(): Item {
    return { kind: 'item', bare: this.#bare(), parameters: this.#parameters() };
  }

  #parameters(): Parameters {
    const parameters = new Map<string, Bare>();
    while (this.#take(';')) {
      this.#match(/ */y);
      const key = this.#match(/[a-z*][a-z0-9_.*-]*/y);
      const bare: Bare = this.#take('=') ? this.#bare() : { type: 'boolean', value: true };
      parameters.delete(key);
      parameters.set(key, bare);
      if (parameters.size > most) throw new Malformed();
    }
    return parameters;
  }

  #bare(): Bare {
    const next = this.#text.charAt(this.#at);
    if (next === '"') {
      const quoted = this.#match(/"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/y);
      return { type: 'string', value: quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1') };
    }
    if (next === ':') {
      const text = this.#match(/:[A-Za-z0-9+/]*={0,2}:/y).slice(1, -1);
      if (text.length % 4 !== 0) throw new Malformed();
      return { type: 'bytes', text };
    }
    if (next === '?') return { type: 'boolean', value: this.#match(/\?[01]/y) === '?1' };
    if (/[-0-9]/.test(next)) return this.#number();
    return { type: 'token', text: this.#match(/[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*/y) };
  }

  #number(): Bare {
    const text = this.#match(/-?[0-9]+(?:\.[0-9]+)?/y);
    const [whole = '', fraction] = text.replace('-', '').split('.');
    if (fraction === undefined) {
      if (whole.length > 15) throw new Malformed();
      // Minus zero is zero.
      return { type: 'integer', value: Number(text) || 0 };
    }
    if (whole.length > 12 || fraction.length > 3) throw new Malformed();
    const [sign, digits] = [text.startsWith('-') ? '-' : '', whole.replace(/^0+(?=\d)/, '')];
    return { type: 'decimal', text: `${sign}${digits}.${fraction.replace(/0+$/, '') || '0'}` };
  }

  #take(character: string): boolean {
    if (this.#text.charAt(this.#at) !== character) return false;
    this.#at += 1;
    return true;
  }

  #need(character: string): void {
    if (!this.#take(character)) throw new Malformed();
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) throw new Malformed();
    this.#at += found.length;
    return found;
  }
}
