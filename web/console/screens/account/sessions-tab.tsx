/** Where one is signed in, and ending it there. */
import { useQuery } from '@tanstack/react-query';
import { endMyOtherSessions, endMySession, listMySessions } from '../../../../contract/routes/identity.ts';
import { ask, useAct } from '../../api/queries.ts';
import { browserName } from '../../format/agent.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { account } from '../../words/en/account.ts';

const words = account.sessions;
const columns = [
  { key: 'where', head: words.columns.where },
  { key: 'method', head: words.columns.method },
  { key: 'network', head: words.columns.network },
  { key: 'used', head: words.columns.used },
  { key: 'until', head: words.columns.until },
  { key: 'acts', head: <span className="unseen">{words.columns.acts}</span> },
] as const;

export function SessionsTab() {
  const sessions = useQuery(ask(listMySessions));
  const end = useAct(endMySession, [listMySessions]);
  const endOthers = useAct(endMyOtherSessions, [listMySessions]);
  const others = sessions.data?.items.some((session) => !session.current) ?? false;
  return (
    <Panel
      title={words.title}
      acts={
        others ? (
          <Button
            busy={endOthers.isPending}
            onClick={() => endOthers.mutate({}, { onSuccess: ({ ended }) => notify(words.ended(ended)) })}
          >
            {words.endOthers}
          </Button>
        ) : undefined
      }
    >
      <Failure error={sessions.error ?? end.error ?? endOthers.error} />
      {sessions.data === undefined ? (
        <Waiting />
      ) : (
        <Table caption={words.title} columns={columns}>
          {sessions.data.items.map((session) => (
            <tr key={session.sessionId}>
              <td title={session.agent}>
                {browserName(session.agent)} {session.current ? <Badge tone="good">{words.current}</Badge> : null}
              </td>
              <td>{words.method[session.method]}</td>
              <td className="mono">{session.network}</td>
              <td>
                <When at={session.lastUsedAt} />
              </td>
              <td>
                <When at={session.until} />
              </td>
              <td data-align="end">
                {session.current ? null : (
                  <Button
                    kind="quiet"
                    busy={end.isPending}
                    aria-label={words.endOf(browserName(session.agent))}
                    onClick={() =>
                      end.mutate({ params: { sessionId: session.sessionId } }, { onSuccess: () => notify(words.ended(1)) })
                    }
                  >
                    {words.end}
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}
