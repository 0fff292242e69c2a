/** Attacks on all sites that the viewer may see. */
import { Link } from '@tanstack/react-router';
import { Panel, Screen } from '../../parts/screen.tsx';
import { attacks as words } from '../../words/en/attacks.ts';
import { sites } from '../../words/en/sites.ts';
import { AttackList } from './attack-list.tsx';

export function AttacksScreen() {
  return (
    <Screen title={sites.attacks.all} trail={<Link to="/sites">{sites.title}</Link>}>
      <Panel title={words.title}>
        <AttackList />
      </Panel>
    </Screen>
  );
}
