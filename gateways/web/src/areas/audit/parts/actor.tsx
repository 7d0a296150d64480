/** The filter by who did it: found by name, e-mail address or id. The address of the page keeps the ids. */
import { Button } from '@patternfly/react-core';
import TimesIcon from '@patternfly/react-icons/dist/esm/icons/times-icon';

import { useMe } from '../../../app/me';
import { useSaid } from '../../../kit/people';
import { PeopleBox } from '../../../kit/people-box';
import { Field } from './filters';

const split = (value: string | undefined) => (value ?? '').split(',').map((one) => one.trim()).filter(Boolean);

export function ActorFilter({ id, value, error, change }: { id: string; value: string | undefined; error: string | undefined; change: (value: string | undefined) => void }) {
  const me = useMe().data;
  const names = me?.permissions.includes('users:read') ?? false;
  const chosen = split(value);
  const set = (actors: readonly string[]) => change([...new Set(actors)].join(',') || undefined);
  return (
    <Field id={id} label="Who" error={error}>
      <PeopleBox
        id={id}
        hub
        placeholder={names ? 'Name, e-mail address or id' : 'An id'}
        describedBy={`${id}-help`}
        invalid={error !== undefined}
        take={(actors) => set([...chosen, ...actors])}
        back={() => set(chosen.slice(0, -1))}
      />
      {chosen.length > 0 ? (
        <ul className="cm-plain-list cm-audit-chosen" aria-label="Chosen">
          {chosen.map((actor) => (
            <li key={actor}>
              <Chosen actor={actor} drop={() => set(chosen.filter((one) => one !== actor))} />
            </li>
          ))}
        </ul>
      ) : (
        <Button variant="link" isInline size="sm" isDisabled={!me} onClick={() => me && set([me.id])}>
          Only what I did
        </Button>
      )}
    </Field>
  );
}

function Chosen({ actor, drop }: { actor: string; drop: () => void }) {
  const { text } = useSaid(actor);
  return (
    <span className="cm-audit-chip" title={actor}>
      <span className="cm-who">{text}</span>
      <button type="button" aria-label={`Take away ${text}`} onClick={drop}>
        <TimesIcon aria-hidden />
      </button>
    </span>
  );
}
