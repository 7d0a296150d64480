/** Finding somebody by name, e-mail address or id: a combobox (ARIA 1.2) with what can be meant. */
import './people.css';

import { TextInput } from '@patternfly/react-core';
import { type KeyboardEvent, useEffect, useId, useState } from 'react';

import { useSuggestions } from './people-search';
import { Failed } from './states';
import { count } from './words';

/** What is an id by its look, parted by commas or spaces: it is taken as it is, and the hub says what is wrong with it. */
function idsOf(text: string): string[] | undefined {
  const ids = text.split(/[\s,]+/).filter(Boolean);
  return ids.length > 0 && ids.every((id) => /^(user_\w+|system:[\w-]+)$/.test(id)) ? ids : undefined;
}

export function PeopleBox(props: {
  id: string;
  placeholder: string;
  /** Whether it can be the hub as well. */
  hub: boolean;
  take: (actors: string[]) => void;
  describedBy?: string;
  invalid?: boolean;
  /** Backspace in the empty field. */
  back?: () => void;
}) {
  const { id, take } = props;
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(0);
  const [told, setTold] = useState(false);
  const list = useId();
  const ids = idsOf(text);
  const { found, searching, failure, beyond, may } = useSuggestions(text, { hub: props.hub, enabled: open });
  const shown = open && text.trim() !== '';
  const at = found.length === 0 ? -1 : Math.min(chosen, found.length - 1);
  const option = (index: number) => `${list}-${index}`;
  useEffect(() => {
    if (shown && at >= 0) document.getElementById(`${list}-${at}`)?.scrollIntoView?.({ block: 'nearest' });
  }, [list, at, shown]);

  const choose = (actors: string[]) => {
    setText('');
    setOpen(false);
    setTold(false);
    take(actors);
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!shown) setOpen(true);
      else if (found.length > 0) setChosen((at + (event.key === 'ArrowDown' ? 1 : -1) + found.length) % found.length);
    } else if (event.key === 'Escape' && text !== '') {
      event.preventDefault();
      event.stopPropagation();
      if (shown) setOpen(false);
      else setText('');
    } else if (event.key === 'Enter' && text.trim() !== '') {
      event.preventDefault();
      const one = shown ? found[at] : undefined;
      if (one) choose([one.actor]);
      else if (ids) choose(ids);
      else setTold(true);
    } else if (event.key === 'Backspace' && text === '') props.back?.();
  };
  const none = searching ? 'Searching…' : ids ? 'Enter takes this id.' : beyond === undefined ? 'Nobody fits.' : `Nobody fits among the ${count(beyond)} accounts that signed in last. Paste the id of another one.`;
  return (
    <div className="cm-people-box">
      <TextInput
        id={id}
        role="combobox"
        aria-expanded={shown && found.length > 0}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={shown && at >= 0 ? option(at) : undefined}
        aria-describedby={props.describedBy}
        autoComplete="off"
        spellCheck="false"
        maxLength={1000}
        placeholder={props.placeholder}
        validated={props.invalid || told ? 'error' : 'default'}
        value={text}
        onKeyDown={pressed}
        onChange={(_event, next) => {
          setText(next);
          setChosen(0);
          setOpen(true);
          setTold(false);
        }}
        onBlur={() => (ids ? choose(ids) : setOpen(false))}
      />
      <div id={list} role="listbox" aria-label="Suggestions" className="cm-people-list" hidden={!shown || found.length === 0}>
        {shown &&
          found.map((one, index) => (
            // The keyboard is the input's: it walks the options by aria-activedescendant.
            // eslint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={one.actor}
              id={option(index)}
              role="option"
              tabIndex={-1}
              aria-selected={index === at}
              className="cm-people-option"
              onMouseDown={(event) => event.preventDefault()}
              onMouseMove={() => index !== at && setChosen(index)}
              onClick={() => choose([one.actor])}
            >
              {one.title}
              <span className="cm-subtle cm-people-about">{one.about}</span>
            </div>
          ))}
      </div>
      {shown && found.length === 0 && !failure && <p className="cm-subtle cm-people-list cm-people-note">{none}</p>}
      {shown && failure !== undefined && <Failed cause={failure} inline />}
      <p role="status" className={told ? 'cm-people-told' : 'cm-visually-hidden'}>
        {told ? (may ? 'Choose one of the suggestions, or paste an id.' : 'Names are shown to administrators only: paste an id.') : shown ? (found.length === 0 ? none : `${found.length} ${found.length === 1 ? 'suggestion' : 'suggestions'}`) : ''}
      </p>
    </div>
  );
}
