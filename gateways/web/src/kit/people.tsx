/** Who an actor is: the hub in words, and people by their names for those who may see them. Whatever leaves the interface keeps the ids. */
import './people.css';

import { Button, Popover } from '@patternfly/react-core';
import CopyIcon from '@patternfly/react-icons/dist/esm/icons/copy-icon';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { Link } from 'react-router';

import { api, body, type Schemas } from '../api/client';
import { asProblem } from '../api/problem';
import { useMay, useMe } from '../app/me';
import { useCopy } from './copy';

/** Actors that are no accounts: what the hub does by itself, and whom it acts for. */
export const HUB: Readonly<Record<string, string>> = {
  'system:observer': 'The hub, observing clusters',
  'system:sign-in': 'Somebody not signed in',
  'system:bootstrap': 'The hub, opening the tenant',
  'system:recovery': 'Operator on the command line',
  'system:signing': 'The hub, changing its signing key',
  'system:import': 'Import from another store',
};

const PERSON = /^user_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

export function isPerson(actor: string): boolean {
  return PERSON.test(actor);
}

/** The end of an id: those that were made within a while begin alike. */
export function shortId(id: string): string {
  return id.length > 16 ? `${id.slice(0, id.indexOf('_') + 1)}…${id.slice(-6)}` : id;
}

/** An account, as far as it is needed to say who it is; `null` where the tenant has none of that id. */
export type Person = Pick<Schemas['User'], 'display_name' | 'email' | 'status'> | null;

export const MINUTES = 60_000;

/** Each id is asked for once, however often it is shown, and kept until its account changes. */
function personOf(id: string) {
  return queryOptions({
    queryKey: ['people', id],
    queryFn: async ({ signal }): Promise<Person> => {
      try {
        const { display_name, email, status } = await body(api.GET('/api/v1/users/{id}', { params: { path: { id } }, signal }));
        return { display_name, email, status };
      } catch (cause) {
        // An answer as well: it is not asked for again.
        if ([403, 404].includes(asProblem(cause).problem.status)) return null;
        throw cause;
      }
    },
    staleTime: 30 * MINUTES,
    gcTime: 60 * MINUTES,
    refetchOnReconnect: false,
  });
}

export interface Said {
  text: string;
  /** Whether it is a name or words, and no id. */
  named: boolean;
}

function said(actor: string, person: Person | undefined): Said {
  const hub = HUB[actor] ?? (actor.startsWith('system:') ? `The hub (${actor.slice('system:'.length)})` : undefined);
  if (hub !== undefined) return { text: hub, named: true };
  if (person?.display_name) return { text: person.display_name, named: true };
  if (person) return { text: `Deleted user ${shortId(actor).replace('user_', '')}`, named: true };
  return { text: shortId(actor), named: false };
}

export function useSaid(actor: string): Said {
  const may = useMay('users:read');
  // Everybody knows their own name.
  const me = useMe().data;
  const own = me?.id === actor && me.display_name ? me.display_name : undefined;
  const { data } = useQuery({ ...personOf(actor), enabled: may && own === undefined && isPerson(actor) });
  return own === undefined ? said(actor, data) : { text: own, named: true };
}

/** In one line, with the id and what else there is of them behind it. */
export function Who({ actor }: { actor: string }) {
  const { text } = useSaid(actor);
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <>
      <button ref={button} type="button" className="cm-who" title={actor} aria-haspopup="dialog" aria-expanded={open} onClick={() => setOpen(!open)}>
        {text}
      </button>
      <You actor={actor} />
      {open && (
        <Popover
          isVisible
          triggerRef={button}
          aria-label={text}
          bodyContent={<More actor={actor} text={text} />}
          shouldClose={() => setOpen(false)}
          onHidden={() => setOpen(false)}
        />
      )}
    </>
  );
}

/** Where a button cannot be: within a link or an option. */
export function WhoText({ actor }: { actor: string }) {
  const { text } = useSaid(actor);
  return (
    <span className="cm-who" title={actor}>
      {text}
    </span>
  );
}

/** On two lines: the name, and the id in full. */
export function WhoInFull({ actor }: { actor: string }) {
  const { text, named } = useSaid(actor);
  return (
    <span className="cm-who-full">
      <span>
        {named || !isPerson(actor) ? text : <span className="cm-subtle">An account</span>}
        <You actor={actor} />
      </span>
      {text !== actor && <code className="cm-who-id">{actor}</code>}
    </span>
  );
}

function You({ actor }: { actor: string }) {
  return useMe().data?.id === actor ? (
    <>
      {' '}
      <span className="cm-subtle">(you)</span>
    </>
  ) : null;
}

function More({ actor, text }: { actor: string; text: string }) {
  const [log, users] = [useMay('audit:read'), useMay('users:read')];
  const id = useRef<HTMLElement>(null);
  const { copy, done } = useCopy(actor, id);
  return (
    <div className="cm-who-more">
      <strong>{text}</strong>
      <code ref={id} className="cm-who-id">
        {actor}
      </code>
      <Button variant="link" isInline icon={<CopyIcon />} onClick={copy}>
        Copy the id
      </Button>
      <span role="status">{done && (done === 'copied' ? 'Copied.' : 'It is selected: copy it with the keyboard.')}</span>
      {log && <Link to={`/audit?actor=${encodeURIComponent(actor)}`}>Everything by them in the audit log</Link>}
      {users && isPerson(actor) && <Link to={`/settings/users/${actor}`}>Their account</Link>}
    </div>
  );
}
