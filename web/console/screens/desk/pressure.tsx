/** Pressure on a case: N, M, K, W, the clusters, the log. Locked until the grade is, and then it explains itself. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { CaseId } from '../../../../contract/ids.ts';
import { getCase } from '../../../../contract/routes/desk/cases.ts';
import { getPressure } from '../../../../contract/routes/desk/pressure.ts';
import { whole } from '../../format/number.ts';
import { ask } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Empty, Panel, Screen, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { NotFound } from '../../shell/lost.tsx';
import { useCan } from '../../shell/me.ts';
import { deskHouse } from '../../words/en/desk-house.ts';
import { desk } from '../../words/en/desk.ts';
import { language } from '../../words/index.ts';
import { LogPressure } from './log-pressure.tsx';
import '../../look/desk.css';

const api = getRouteApi('/in/desk/cases/$caseId/pressure');
const words = deskHouse.pressure;
const columns = [
  { key: 'sample', head: words.columns.sample },
  { key: 'n', head: words.columns.n, align: 'end' },
  { key: 'k', head: words.columns.k, align: 'end' },
  { key: 'w', head: words.columns.w, align: 'end' },
  { key: 'first', head: words.columns.first },
  { key: 'last', head: words.columns.last },
] as const;
const logColumns = [
  { key: 'at', head: words.logColumns.at },
  { key: 'kind', head: words.logColumns.kind },
  { key: 'what', head: words.logColumns.what },
  { key: 'count', head: words.logColumns.count, align: 'end' },
  { key: 'by', head: words.logColumns.by },
] as const;

export function PressureScreen() {
  const caseId = CaseId.safeParse(api.useParams().caseId);
  return caseId.success ? <Pressure caseId={caseId.data} /> : <NotFound />;
}

function Pressure({ caseId }: { caseId: CaseId }) {
  const can = useCan();
  const held = useQuery(ask(getCase, { params: { caseId } }));
  const pressure = useQuery(ask(getPressure, { params: { caseId } }));
  const [adding, setAdding] = useState(false);
  const locked = pressure.error?.code === 'not-graded';
  const back = (
    <Link to="/desk/cases/$caseId" params={{ caseId }}>
      {held.data === undefined ? words.toCase : `${held.data.number}: ${held.data.title}`}
    </Link>
  );
  return (
    <Screen
      title={words.title}
      lead={words.lead}
      trail={back}
      acts={
        can('pressure:write') ? (
          <Button onClick={() => setAdding(true)} data-new>
            {words.add}
          </Button>
        ) : undefined
      }
    >
      {locked ? (
        <Empty title={words.locked}>
          <p>{words.lockedHelp}</p>
        </Empty>
      ) : pressure.data === undefined ? (
        pressure.error === null ? (
          <Waiting />
        ) : (
          <Failure error={pressure.error} onRetry={() => void pressure.refetch()} />
        )
      ) : (
        <>
          <dl className="numbers">
            {(['n', 'm', 'k', 'w'] as const).map((name) => (
              <div key={name}>
                <dt>{words.volume[name]}</dt>
                <dd>{whole(pressure.data.volume[name], language)}</dd>
              </div>
            ))}
          </dl>
          <p className="hint panel-help">{words.volumeHelp}</p>
          <Panel title={words.clusters}>
            {pressure.data.clusters.length === 0 ? (
              <p className="hint">{words.clustersNone}</p>
            ) : (
              <Table caption={words.clusters} columns={columns}>
                {pressure.data.clusters.map((cluster) => (
                  <tr key={cluster.clusterId}>
                    <td className="report-text">{cluster.sample}</td>
                    <td data-align="end">{whole(cluster.n, language)}</td>
                    <td data-align="end">{whole(cluster.k, language)}</td>
                    <td data-align="end">{whole(cluster.w, language)}</td>
                    <td>
                      <When at={cluster.firstAt} />
                    </td>
                    <td>
                      <When at={cluster.lastAt} />
                    </td>
                  </tr>
                ))}
              </Table>
            )}
          </Panel>
          <Panel title={words.log}>
            {pressure.data.entries.length === 0 ? (
              <p className="hint">{words.logNone}</p>
            ) : (
              <Table caption={words.log} columns={logColumns}>
                {pressure.data.entries.map((entry) => (
                  <tr key={entry.pressureId}>
                    <td>
                      <When at={entry.at} />
                    </td>
                    <td className="no-wrap">{desk.pressureKind[entry.kind]}</td>
                    <td className="report-text">
                      {entry.description}
                      {entry.source === null ? null : <span className="sub">{entry.source}</span>}
                    </td>
                    <td data-align="end">{entry.count === null ? '–' : whole(entry.count, language)}</td>
                    <td className="no-wrap">{entry.by.name}</td>
                  </tr>
                ))}
              </Table>
            )}
          </Panel>
        </>
      )}
      {adding ? <LogPressure caseId={caseId} onClose={() => setAdding(false)} /> : null}
    </Screen>
  );
}
