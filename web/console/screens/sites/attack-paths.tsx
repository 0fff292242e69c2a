/** Paths of a site that people have put into attack mode. */
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import { changeSite, getSite, listSites } from '../../../../contract/routes/sites.ts';
import type { Site } from '../../../../contract/routes/sites.ts';
import { useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { TextField, WithMistakes } from '../../parts/field.tsx';
import { Panel } from '../../parts/screen.tsx';
import { useCan } from '../../shell/me.ts';
import { attacks as words } from '../../words/en/attacks.ts';

export function AttackPaths({ site }: { site: Site }) {
  const may = useCan()('sites:write');
  const change = useAct(changeSite, [getSite, listSites]);
  const [path, setPath] = useState('');
  const paths: readonly string[] = site.attackPaths ?? [];
  const set = (attackPaths: readonly string[], onSuccess?: () => void) =>
    change.mutate(
      { params: { siteId: site.siteId }, body: { attackPaths: [...attackPaths], version: site.version } },
      onSuccess === undefined ? {} : { onSuccess },
    );
  const add = (event: SyntheticEvent) => {
    event.preventDefault();
    if (path.trim() !== '') set([...new Set([...paths, path.trim()])], () => setPath(''));
  };
  return (
    <Panel title={words.paths}>
      <div className="stack">
        <p className="hint">{words.pathsLead}</p>
        <Failure error={change.error} />
        {paths.length === 0 ? <p>{words.noPaths}</p> : null}
        {paths.length === 0 ? null : (
          <ul>
            {paths.map((one) => (
              <li key={one}>
                <span className="mono">{one}</span>{' '}
                {may ? (
                  <Button busy={change.isPending} onClick={() => set(paths.filter((other) => other !== one))}>
                    {words.removePath(one)}
                  </Button>
                ) : null}
              </li>
            ))}
          </ul>
        )}
        {may ? (
          <form onSubmit={add} className="stack" noValidate>
            <WithMistakes fields={change.error?.fields ?? []}>
              <TextField
                label={words.path}
                hint={words.pathHint}
                path="attackPaths"
                value={path}
                onChange={({ target }) => setPath(target.value)}
              />
            </WithMistakes>
            <div className="acts">
              <Button type="submit" busy={change.isPending} disabled={path.trim() === '' || change.isPending}>
                {words.addPath}
              </Button>
            </div>
          </form>
        ) : null}
      </div>
    </Panel>
  );
}
