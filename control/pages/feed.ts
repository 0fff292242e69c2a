/**
 * Decisions as an Atom feed (RFC 4287), for feed readers and for whoever watches many providers.
 *
 * An entry keeps its id for good (the decision's number below the public address) and is updated when the decision ends. Newest change
 * first; as many as the list's first page holds.
 */
import { html } from 'hono/html';
import type { Instant } from '../../contract/ids.ts';
import type { PublicDecision } from '../../contract/routes/orders.ts';
import { headline } from './decision.ts';
import type { DecisionList } from './facts.ts';
import type { Piece } from './layout.ts';
import type { Words } from './words/index.ts';

/** `since`: the feed's own time of change while it has no entry. */
export function decisionFeed(
  words: Words,
  house: { readonly provider: string; readonly publicUrl: string; readonly since: Instant },
  list: DecisionList,
): Piece {
  const entries = [...list.inForce, ...list.over]
    .map((decision) => ({ decision, updated: decision.endedAt ?? decision.startsAt }))
    .sort((one, other) => (key(one) < key(other) ? 1 : -1));
  const self = `${house.publicUrl}/decisions.atom`;
  return html`<?xml version="1.0" encoding="utf-8"?>
    <feed xmlns="http://www.w3.org/2005/Atom" xml:lang="${words.language}">
      <id>${self}</id>
      <title>${words.decisions.title} · ${plain(house.provider)}</title>
      <updated>${entries[0]?.updated ?? house.since}</updated>
      <author><name>${plain(house.provider)}</name></author>
      <link rel="self" type="application/atom+xml" href="${self}" />
      <link rel="alternate" type="text/html" href="${house.publicUrl}/decisions" />
      ${entries.map(({ decision, updated }) => entry(words, decision, updated))}
    </feed> `;
}

/** What an entry is sorted by: its newest change, then its number. */
function key({ decision, updated }: { decision: PublicDecision; updated: Instant }): string {
  return `${updated} ${decision.decision}`;
}

function entry(words: Words, decision: PublicDecision, updated: Instant): Piece {
  return html`<entry>
    <id>${decision.statementUrl}</id>
    <title>${decision.decision}: ${plain(headline(words, decision))}</title>
    <published>${decision.startsAt}</published>
    <updated>${updated}</updated>
    <link rel="alternate" type="text/html" href="${decision.statementUrl}" />
    <category term="${decision.state}" />
    <category term="${decision.measure}" />
    <summary>${plain(decision.reason)}</summary>
  </entry> `;
}

/** XML has no form at all for most control characters, not even escaped. */
function plain(text: string): string {
  return text.replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, ' ');
}
