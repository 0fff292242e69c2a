/** Attacks on one site: what may be done by itself, and the record with a person's word on what is not over. */
import { useQuery } from '@tanstack/react-query';
import type { z } from 'zod';
import { AutomaticMode, Sensitivity } from '../../../../contract/attacks.ts';
import type { Attack } from '../../../../contract/attacks.ts';
import { actOnAttack, AttackAct, getAutomatic, listAttacks, setAutomatic } from '../../../../contract/routes/attacks.ts';
import { getSite, listSites } from '../../../../contract/routes/sites.ts';
import type { Site } from '../../../../contract/routes/sites.ts';
import { ask, useAct } from '../../api/queries.ts';
import { whole } from '../../format/number.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { SelectField } from '../../parts/field.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { useCan } from '../../shell/me.ts';
import { sites } from '../../words/en/sites.ts';
import { dryRunWords } from '../../words/en/dry-run.ts';
import { language } from '../../words/index.ts';
import { TryOut } from './dry-run.tsx';

const words = sites.attacks;
const tones = { suggested: 'caution', on: 'caution', ended: 'off' } as const;
const touched = [listAttacks, getSite, listSites];

export default function AttacksTab({ site }: { site: Site }) {
  return (
    <>
      <Automatic site={site} />
      <Record site={site} />
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
      <p className="hint">{words.lead}</p>
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
    </Panel>
  );
}

/** What attack mode would ask of the visitors of the last hour, whoever switches it. */
function TryAttack({ site }: { site: Site }) {
  const on = site.mode === 'attack' || site.attackId !== undefined;
  const label = on ? dryRunWords.act.off : dryRunWords.act.attack;
  return <TryOut siteId={site.siteId} label={label} draft={() => ({ mode: on ? 'off' : 'attack' })} />;
}

function Record({ site }: { site: Site }) {
  const can = useCan();
  const attacks = useQuery(ask(listAttacks, { query: { siteId: site.siteId, limit: 50 } }));
  const act = useAct(actOnAttack, touched);
  const heads = words.columns;
  const columns = [
    { key: 'state', head: heads.state },
    { key: 'began', head: heads.began },
    { key: 'ended', head: heads.ended },
    { key: 'peak', head: heads.peak, align: 'end' as const },
    { key: 'why', head: heads.why },
    { key: 'acts', head: heads.acts },
  ];
  return (
    <Panel title={words.title}>
      <Failure error={attacks.error} onRetry={() => void attacks.refetch()} />
      <Failure error={act.error} />
      {attacks.data === undefined ? (
        <Waiting />
      ) : attacks.data.items.length === 0 ? (
        <p>{words.none}</p>
      ) : (
        <Table caption={words.title} columns={columns}>
          {attacks.data.items.map((attack) => (
            <tr key={attack.attackId}>
              <td>
                <Badge tone={tones[attack.state]}>{words.state[attack.state]}</Badge>
              </td>
              <td>
                <When at={attack.beganAt} focusable />
              </td>
              <td>
                {attack.endedAt === null ? null : <When at={attack.endedAt} focusable />}
                {attack.endedAt === null ? null : <span className="sub">{attack.endedBy?.name ?? words.itself}</span>}
              </td>
              <td data-align="end">{whole(attack.peak, language)}</td>
              <td>{whyWords(attack)}</td>
              <td>
                {attack.state === 'ended' || !can('sites:write')
                  ? null
                  : AttackAct.options
                      .filter((option) => option !== 'switch-on' || attack.state === 'suggested')
                      .map((option) => (
                        <Button
                          key={option}
                          busy={act.isPending}
                          onClick={() => act.mutate({ params: { attackId: attack.attackId }, body: { act: option } })}
                        >
                          {words.act[option]}
                        </Button>
                      ))}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}

function whyWords({ signals }: Attack): string {
  const seen = words.why(whole(signals.demand, language), whole(signals.threshold, language));
  const usual = signals.baseline === null ? words.fresh : words.usual(whole(signals.baseline, language));
  const errors = signals.cause === 'demand' ? '' : ` ${words.errors(whole(signals.originErrors, language))}`;
  return `${seen}. ${usual}${errors}`;
}
