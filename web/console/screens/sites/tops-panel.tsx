/** What is most frequent on a site: networks, countries, paths and more. From a sample of what passed and from what edges told of refusals. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getTops } from '../../../../contract/routes/insight.ts';
import { TopKind } from '../../../../contract/traffic.ts';
import { ask } from '../../api/queries.ts';
import { share, whole } from '../../format/number.ts';
import { Failure } from '../../parts/failure.tsx';
import { Filter } from '../../parts/filters.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { insight } from '../../words/en/insight.ts';
import { language } from '../../words/index.ts';
import type { Window } from './traffic-window.ts';

const words = insight.tops;
const shownItems = 15;
/** Lists are made every ten minutes: asking more often changes nothing that matters. */
const everyMs = 60_000;

export function TopsPanel({ window, of, onPick }: { window: Window; of: TopKind; onPick: (of: string) => void }) {
  const { siteId, edgeId, minutes, nowMs } = window;
  const from = new Date(Math.floor(nowMs / everyMs) * everyMs - minutes * 60_000).toISOString();
  const query = { siteId, of, from, limit: shownItems, ...(edgeId === undefined ? {} : { edgeId }) };
  const tops = useQuery({ ...ask(getTops, { query }), placeholderData: keepPreviousData, gcTime: everyMs });
  const data = tops.data?.of === of ? tops.data : undefined;
  return (
    <Panel
      title={words.title}
      acts={
        <Filter
          all={false}
          label={words.of}
          value={of}
          options={TopKind.options.map((value) => ({ value, label: words.kinds[value] }))}
          onPick={onPick}
        />
      }
    >
      <Failure error={tops.error} onRetry={() => void tops.refetch()} />
      {data === undefined ? (
        tops.error === null ? (
          <Waiting />
        ) : null
      ) : data.items.length === 0 ? (
        <p className="hint">{of === 'countries' || of === 'asns' ? words.noData : words.none}</p>
      ) : (
        <>
          <Table
            caption={words.captions[of]}
            columns={[
              { key: 'key', head: words.columns[of] },
              { key: 'passed', head: words.passed, align: 'end' },
              { key: 'refused', head: words.refused, align: 'end' },
              { key: 'share', head: words.share, align: 'end' },
            ]}
          >
            {data.items.map(({ key, passed, refused, over }) => (
              <tr key={key}>
                <th scope="row">
                  <span className="mono wrap-anywhere">{key === '' ? words.empty : key}</span>
                </th>
                <td data-align="end">{whole(passed, language)}</td>
                <td data-align="end">
                  {whole(refused, language)}
                  {over === 0 ? null : <span className="sub">{words.over(whole(over, language))}</span>}
                </td>
                <td data-align="end" className="no-wrap">
                  {share(passed + refused, data.seen.passed + data.seen.refused, language)}
                </td>
              </tr>
            ))}
          </Table>
          <p className="hint">{words.honest(whole(data.seen.passed, language), whole(data.seen.refused, language))}</p>
        </>
      )}
    </Panel>
  );
}
