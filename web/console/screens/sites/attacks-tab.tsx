/** Attacks on one site: what may be done by itself, paths in attack mode by hand, the program that is told, and the list of attacks. */
import { useQuery } from '@tanstack/react-query';
import type { z } from 'zod';
import { AutomaticMode, Sensitivity } from '../../../../contract/attacks.ts';
import { getAutomatic, listAttacks, setAutomatic } from '../../../../contract/routes/attacks.ts';
import { getSite, listSites } from '../../../../contract/routes/sites.ts';
import type { Site } from '../../../../contract/routes/sites.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Failure } from '../../parts/failure.tsx';
import { SelectField } from '../../parts/field.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { useCan } from '../../shell/me.ts';
import { attacks as words } from '../../words/en/attacks.ts';
import { dryRunWords } from '../../words/en/dry-run.ts';
import { AttackHookPanel } from './attack-hook.tsx';
import { AttackList } from './attack-list.tsx';
import { AttackPaths } from './attack-paths.tsx';
import { TryOut } from './dry-run.tsx';

const touched = [listAttacks, getSite, listSites];

export default function AttacksTab({ site }: { site: Site }) {
  const can = useCan();
  return (
    <>
      <Automatic site={site} />
      <AttackPaths site={site} />
      {can('sites:write') ? <AttackHookPanel site={site} /> : null}
      <Panel title={words.onThisSite}>
        <AttackList siteId={site.siteId} />
      </Panel>
    </>
  );
}

function Automatic({ site }: { site: Site }) {
  const can = useCan();
  const params = { siteId: site.siteId };
  const automatic = useQuery(ask(getAutomatic, { params }));
  const change = useAct(setAutomatic, [getAutomatic, ...touched]);
  const set = (body: z.input<typeof setAutomatic.body>) => change.mutate({ params, body });
  return (
    <Panel title={words.automatic}>
      <div className="stack">
        <p className="hint">
          {words.lead} {words.modeHint}
        </p>
        <Failure error={automatic.error} onRetry={() => void automatic.refetch()} />
        <Failure error={change.error} />
        {automatic.data === undefined ? (
          <Waiting />
        ) : (
          <fieldset className="bare" disabled={!can('sites:write') || change.isPending}>
            <div className="fields">
              <SelectField
                label={words.mode}
                path="attackMode"
                value={automatic.data.attackMode}
                onChange={({ target }) => set({ attackMode: AutomaticMode.parse(target.value) })}
              >
                {AutomaticMode.options.map((mode) => (
                  <option key={mode} value={mode}>
                    {words.modes[mode]}
                  </option>
                ))}
              </SelectField>
              <SelectField
                label={words.sensitivity}
                path="sensitivity"
                value={automatic.data.sensitivity}
                onChange={({ target }) => set({ sensitivity: Sensitivity.parse(target.value) })}
              >
                {Sensitivity.options.map((how) => (
                  <option key={how} value={how}>
                    {words.sensitivities[how]}
                  </option>
                ))}
              </SelectField>
            </div>
          </fieldset>
        )}
        <TryAttack site={site} />
      </div>
    </Panel>
  );
}

/** What attack mode would ask of the visitors of the last hour, whoever switches it. */
function TryAttack({ site }: { site: Site }) {
  const on = site.mode === 'attack' || site.attackId !== undefined;
  const label = on ? dryRunWords.act.off : dryRunWords.act.attack;
  return <TryOut siteId={site.siteId} label={label} draft={() => ({ mode: on ? 'off' : 'attack' })} />;
}
