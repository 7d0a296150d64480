/** The command palette: a combobox (ARIA 1.2) over what can be done, and over clusters and entries. */
import './styles.css';

import { Modal, ModalBody } from '@patternfly/react-core';
import ClusterIcon from '@patternfly/react-icons/dist/esm/icons/cluster-icon';
import ListIcon from '@patternfly/react-icons/dist/esm/icons/list-icon';
import UserIcon from '@patternfly/react-icons/dist/esm/icons/user-icon';
import { type KeyboardEvent, useCallback, useEffect, useId, useMemo, useRef, useState } from 'react';
import { useNavigate } from 'react-router';

import { useSession } from '../../api/session';
import { useSuggestions } from '../../kit/people-search';
import { Failed } from '../../kit/states';
import { useMe } from '../me';
import { actions, type Choice, fitting } from './actions';
import { recent, remember } from './recent';
import { useSearch } from './search';

interface Group {
  title: string;
  choices: Choice[];
}

export default function Palette({ mode, close }: { mode: 'commands' | 'search'; close: () => void }) {
  const session = useSession();
  const user = 'user' in session ? session.user : '';
  const me = useMe();
  const permissions = useMemo(() => me.data?.permissions ?? [], [me.data]);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const [said, setSaid] = useState('');
  const [failure, setFailure] = useState<unknown>();
  const navigate = useNavigate();
  const id = useId();
  const leadTo = useFocusBack(`${id}-input`);
  // The list at the time of opening: choosing does not shuffle it.
  const [before] = useState(() => recent(user));
  const search = useSearch(text, permissions.includes('clusters:read'));
  const people = useSuggestions(text, { hub: false });
  const searching = search.searching || people.searching;

  const groups = useMemo(() => {
    const commands: Group = { title: 'Commands', choices: fitting(actions(permissions), text) };
    const recently: Group = { title: 'Recent', choices: text.trim() ? [] : before.map((one) => ({ ...one, id: `recent-${one.to}`, target: true })) };
    const found: Group[] = [
      { title: 'Clusters', choices: (search.found?.clusters ?? []).map((one) => ({ ...one, icon: <ClusterIcon /> })) },
      { title: 'People', choices: people.found.map(({ actor, title, about }) => ({ id: actor, title, about, icon: <UserIcon />, to: `/settings/users/${actor}` })) },
      { title: 'Audit log', choices: (search.found?.entries ?? []).map((one) => ({ ...one, icon: <ListIcon /> })) },
    ];
    const all = mode === 'commands' ? [commands, recently, ...found] : [recently, ...found, commands];
    return all.filter((group) => group.choices.length > 0);
  }, [permissions, text, before, search.found, people.found, mode]);
  const flat = groups.flatMap((group) => group.choices);
  const at = Math.min(chosen, flat.length - 1);
  const option = (index: number) => `${id}-option-${index}`;

  useEffect(() => {
    document.getElementById(`${id}-option-${at}`)?.scrollIntoView?.({ block: 'nearest' });
  }, [id, at]);

  const take = (one: Choice | undefined) => {
    if (!one) return;
    if (one.to !== undefined) {
      if (one.target) remember(user, { to: one.to, title: one.title, about: one.about ?? '' });
      leadTo(document.getElementById('main'));
      void navigate(one.to);
      close();
      return;
    }
    setFailure(undefined);
    one.run?.().then((answer) => (answer === undefined ? close() : setSaid(answer)), setFailure);
  };

  const pressed = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: Math.min(at + 8, flat.length - 1), PageUp: Math.max(at - 8, 0) };
    const to = steps[event.key];
    if (to !== undefined) {
      event.preventDefault();
      setChosen(flat.length === 0 ? 0 : (to + flat.length) % flat.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      take(flat[at]);
    }
  };

  const label = mode === 'commands' ? 'Type a command, or the name of a cluster' : 'Search clusters and the audit log';
  let index = -1;
  return (
    <Modal isOpen variant="small" position="top" aria-label={mode === 'commands' ? 'Command palette' : 'Search'} onClose={close} elementToFocus={`#${CSS.escape(id)}-input`} className="cm-palette">
      <ModalBody className="cm-palette-body">
        <input
          id={`${id}-input`}
          className="cm-palette-input"
          type="text"
          role="combobox"
          aria-label={label}
          aria-expanded={flat.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={flat.length > 0 ? option(at) : undefined}
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          placeholder={label}
          value={text}
          onKeyDown={pressed}
          onChange={(event) => {
            setText(event.target.value);
            setChosen(0);
            setSaid('');
          }}
        />
        <p aria-live="polite" className={said ? 'cm-palette-said' : 'cm-visually-hidden'}>
          {said || counts(groups, searching, text)}
        </p>
        {failure !== undefined && <Failed cause={failure} inline byHand />}
        {search.failure !== undefined && <Failed cause={search.failure} inline />}
        <div id={`${id}-list`} role="listbox" aria-label="Results" className="cm-palette-list">
          {groups.map((group, place) => (
            <div key={group.title} role="group" aria-labelledby={`${id}-group-${place}`}>
              <div id={`${id}-group-${place}`} role="presentation" className="cm-palette-title">
                {group.title}
              </div>
              {group.choices.map((one) => {
                index += 1;
                const here = index;
                return (
                  // The keyboard is the input's: it walks the options by aria-activedescendant.
                  // eslint-disable-next-line jsx-a11y/click-events-have-key-events
                  <div
                    key={one.id}
                    id={option(here)}
                    role="option"
                    tabIndex={-1}
                    aria-selected={here === at}
                    className="cm-palette-option"
                    onMouseDown={(event) => event.preventDefault()}
                    onMouseMove={() => here !== at && setChosen(here)}
                    onClick={() => take(one)}
                  >
                    <span aria-hidden className="cm-palette-icon">
                      {one.icon}
                    </span>
                    <span>
                      {one.title}
                      {one.about && <span className="cm-subtle cm-palette-about">{one.about}</span>}
                    </span>
                  </div>
                );
              })}
            </div>
          ))}
        </div>
        {searching && <p className="cm-subtle cm-palette-note">Searching…</p>}
        {!searching && flat.length === 0 && <p className="cm-subtle cm-palette-note">Nothing fits. Clusters are found by name, region, id and endpoint; entries of the audit log by position, id, command, target, actor and request.</p>}
      </ModalBody>
    </Modal>
  );
}

/** What a screen reader says of the list. */
function counts(groups: readonly Group[], searching: boolean, text: string): string {
  if (searching) return 'Searching…';
  if (groups.length === 0) return 'Nothing fits.';
  if (!text.trim()) return '';
  return groups.map((group) => `${group.title}: ${group.choices.length}`).join(', ');
}

/** Where the focus goes when it closes: to where it came from, or to the page that was gone to. */
function useFocusBack(input: string): (to: Element | null) => void {
  const [from] = useState(() => document.activeElement);
  const home = useRef<Element | null>(from);
  useEffect(
    () => () => {
      const to = home.current;
      // The trap of the dialog gives up first.
      queueMicrotask(() => !document.getElementById(input) && to instanceof HTMLElement && to.isConnected && to.focus());
    },
    [input],
  );
  return useCallback((to) => {
    home.current = to;
  }, []);
}
