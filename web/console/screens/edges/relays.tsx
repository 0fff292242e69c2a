/** The relays below the table of edges: how each fares, how many edges hang on it, revocation. Nothing is shown where there are none. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { listEdges } from '../../../../contract/routes/edges.ts';
import { listRelays, revokeRelay } from '../../../../contract/routes/relays.ts';
import type { Relay } from '../../../../contract/routes/relays.ts';
import { ask, useAct } from '../../api/queries.ts';
import { whole } from '../../format/number.ts';
import { Badge } from '../../parts/badge.tsx';
import type { Tone } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { ConfirmByTyping } from '../../parts/dialog.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { relays as words } from '../../words/en/relays.ts';
import { language } from '../../words/index.ts';

const tones: Readonly<Record<Relay['state'], Tone>> = { linked: 'good', away: 'alarm', 'never-seen': 'off', revoked: 'off' };

export function Relays({ mayWrite }: { mayWrite: boolean }) {
  const answer = useQuery({ ...ask(listRelays), refetchInterval: 15_000 });
  const items = answer.data?.items ?? [];
  if (items.length === 0) return null;
  const heads = words.columns;
  const columns = [
    { key: 'relay', head: heads.relay },
    { key: 'state', head: heads.state },
    { key: 'edges', head: heads.edges, align: 'end' as const },
    { key: 'seen', head: heads.seen },
    ...(mayWrite ? [{ key: 'acts', head: <span className="unseen">{heads.acts}</span> }] : []),
  ];
  return (
    <Panel title={words.title}>
      <div className="stack">
        <p className="prose">{words.help}</p>
        <Table caption={words.title} columns={columns}>
          {items.map((relay) => (
            <RelayRow key={relay.relayId} relay={relay} mayWrite={mayWrite} />
          ))}
        </Table>
      </div>
    </Panel>
  );
}

/** Through which relay an edge's stream comes, in words. */
export function ThroughRelay({ relayId }: { relayId: string }) {
  const answer = useQuery(ask(listRelays));
  const name = answer.data?.items.find((relay) => relay.relayId === relayId)?.name ?? relayId;
  return <span className="sub">{words.through(name)}</span>;
}

function RelayRow({ relay, mayWrite }: { relay: Relay; mayWrite: boolean }) {
  const [asking, setAsking] = useState(false);
  const revoke = useAct(revokeRelay, [listRelays, listEdges]);
  return (
    <tr>
      <td>
        {relay.name}
        <span className="sub">{words.version(relay.version)}</span>
      </td>
      <td>
        <Badge tone={tones[relay.state]}>{words.state[relay.state]}</Badge>
      </td>
      <td data-align="end">{whole(relay.edges, language)}</td>
      <td>{relay.lastSeenAt === null ? words.never : <When at={relay.lastSeenAt} />}</td>
      {mayWrite ? (
        <td data-align="end">
          {relay.state === 'revoked' ? null : (
            <Button kind="quiet" onClick={() => setAsking(true)} aria-label={words.revoke.title(relay.name)}>
              {words.revoke.act}
            </Button>
          )}
          {asking ? (
            <ConfirmByTyping
              title={words.revoke.title(relay.name)}
              name={relay.name}
              action={words.revoke.act}
              busy={revoke.isPending}
              failure={revoke.error}
              onClose={() => setAsking(false)}
              onConfirm={() =>
                revoke.mutate(
                  { params: { relayId: relay.relayId } },
                  {
                    onSuccess: () => {
                      setAsking(false);
                      notify(words.revoke.done(relay.name));
                    },
                  },
                )
              }
            >
              <p>{words.revoke.help}</p>
            </ConfirmByTyping>
          ) : null}
        </td>
      ) : null}
    </tr>
  );
}
