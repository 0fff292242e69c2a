/** Takes a site's settings and DNS records away as files. Never withheld, whatever the order. */
import type { Site } from '../../../../contract/routes/sites.ts';
import { exportSite } from '../../../../contract/routes/desk/owners.ts';
import { saveAs } from '../../api/client.ts';
import { useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel } from '../../parts/screen.tsx';
import { deskHouse } from '../../words/en/desk-house.ts';

const words = deskHouse.export;

export default function ExportPanel({ site }: { site: Site }) {
  const fetched = useAct(exportSite);
  const name = site.hostnames[0] ?? site.siteId;
  const take = (kind: 'settings' | 'zone') =>
    fetched.mutate(
      { params: { siteId: site.siteId } },
      {
        onSuccess: (answer) => {
          if (kind === 'zone') saveAs(new Blob([answer.zone], { type: 'text/plain' }), `${name}.zone`);
          else saveAs(new Blob([JSON.stringify(answer.site, null, 2)], { type: 'application/json' }), `${name}.json`);
          notify(words.done);
        },
      },
    );
  return (
    <Panel title={words.title}>
      <div className="stack-tight">
        <p>{words.text}</p>
        <Failure error={fetched.error} />
        <div className="acts">
          <Button busy={fetched.isPending} onClick={() => take('settings')}>
            {words.settings}
          </Button>
          <Button busy={fetched.isPending} onClick={() => take('zone')}>
            {words.zone}
          </Button>
        </div>
      </div>
    </Panel>
  );
}
