/** Roles as ticks, each with what it may do. */
import { Role } from '../../../contract/access.ts';
import { people } from '../words/en/people.ts';
import { say } from '../words/index.ts';
import { CheckField } from './field.tsx';

export function RolePicker({
  legend,
  hint,
  roles,
  mistake,
  without = [],
  onChange,
}: {
  legend: string;
  hint?: string;
  roles: readonly Role[];
  mistake: string | null;
  without?: readonly Role[];
  onChange: (roles: readonly Role[]) => void;
}) {
  return (
    <fieldset className="choices">
      <legend>{legend}</legend>
      {hint === undefined ? null : <p className="hint">{hint}</p>}
      <div className="stack-tight">
        {Role.options
          .filter((role) => !without.includes(role))
          .map((role) => (
            <CheckField
              key={role}
              label={say.role[role]}
              hint={people.roleHelp[role]}
              checked={roles.includes(role)}
              onChange={(event) => onChange(event.target.checked ? [...roles, role] : roles.filter((held) => held !== role))}
            />
          ))}
      </div>
      {mistake === null ? null : (
        <p className="mistake" role="alert">
          {mistake}
        </p>
      )}
    </fieldset>
  );
}
