/**
 * Server-sent events, the reading side: the `data` of each event from a byte stream (WHATWG HTML, section 9.2.6).
 *
 * Event names and ids are not kept, because nobody here uses them. An event longer than the limit ends the reading with a
 * RangeError: a peer must not fill our memory.
 */
const mostCharacters = 1 << 20;

/** Yields the joined `data:` lines of every event; an event cut off by the end of the stream is dropped, as the standard says. */
export async function* serverSentData(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  let data: string[] = [];
  for await (const chunk of bytes) {
    rest += decoder.decode(chunk, { stream: true });
    if (rest.length + data.reduce((sum, line) => sum + line.length, 0) > mostCharacters) {
      throw new RangeError('a server-sent event is longer than 1 MiB');
    }
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield data.join('\n');
        data = [];
      } else if (line.startsWith('data:')) {
        data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
      }
    }
  }
}
