/** What the list is narrowed by: search, states, labels; all of it stands in the address. */
import { Badge, Button, Form, MenuToggle, SearchInput, Select, SelectList, SelectOption, TextInput, Toolbar, ToolbarContent, ToolbarFilter, ToolbarGroup, ToolbarItem, ToolbarToggleGroup } from '@patternfly/react-core';
import FilterIcon from '@patternfly/react-icons/dist/esm/icons/filter-icon';
import PlusIcon from '@patternfly/react-icons/dist/esm/icons/plus-icon';
import { useId, useState } from 'react';

import { Fault } from '../../../kit/fault';
import { useDebounced } from '../../../kit/debounce';
import { isMinor, versionChoices } from '../../../kit/versions';
import { HEALTHS, PROVIDERS, word } from '../../../kit/words';
import { type Filter, join, labelFault, split, STATUSES, toggled } from '../filters';

/** So long after the last key the list is asked for. */
const TYPING = 300;
const LONGEST = 256;

interface State {
  filters: Partial<Record<Filter, string>>;
  set: (values: Partial<Record<Filter, string | undefined>>) => void;
  clear: () => void;
}

export function Filters({ state, regions, versions }: { state: State; regions: readonly string[]; versions: readonly string[] }) {
  const { filters } = state;
  const chosen = (name: Filter) => split(filters[name]);
  const known: [Filter, string, readonly string[], (value: string) => string][] = [
    ['status', 'Status', STATUSES, word],
    ['health', 'Health', HEALTHS, word],
    ['provider', 'Provider', Object.keys(PROVIDERS), (value) => PROVIDERS[value] ?? value],
    ['region', 'Region', [...new Set([...regions, ...chosen('region')])].sort(), (value) => value],
    ['k8s_version', 'Version', versionChoices([...versions, ...chosen('k8s_version')]), (value) => (isMinor(value) ? `${value}, every patch` : value)],
  ];
  return (
    <Toolbar id="cm-clusters-filters" clearAllFilters={state.clear} clearFiltersButtonText="Clear all filters" collapseListedFiltersBreakpoint="md" inset={{ default: 'insetNone' }}>
      <ToolbarContent alignItems="center">
        <ToolbarItem className="cm-clusters-search">
          <Search asked={filters.q ?? ''} ask={(q) => state.set({ q: q || undefined })} />
        </ToolbarItem>
        <ToolbarToggleGroup toggleIcon={<FilterIcon aria-label="Filters" />} breakpoint="xl">
          <ToolbarGroup variant="filter-group">
            {known.map(([name, title, values, say]) => (
              <ToolbarFilter
                key={name}
                categoryName={{ key: name, name: title }}
                labels={chosen(name).map((value) => ({ key: value, node: say(value) }))}
                deleteLabel={(_category, label) => state.set({ [name]: join(chosen(name).filter((one) => one !== (typeof label === 'string' ? label : label.key))) })}
                deleteLabelGroup={() => state.set({ [name]: undefined })}
              >
                <Choice title={title} values={values} chosen={chosen(name)} say={say} change={(next) => state.set({ [name]: join(next) })} />
              </ToolbarFilter>
            ))}
            <ToolbarFilter
              categoryName={{ key: 'label', name: 'Label' }}
              labels={chosen('label').map((value) => ({ key: value, node: value }))}
              deleteLabel={(_category, label) => state.set({ label: join(chosen('label').filter((one) => one !== (typeof label === 'string' ? label : label.key))) })}
              deleteLabelGroup={() => state.set({ label: undefined })}
            >
              <LabelField add={(label) => state.set({ label: join([...new Set([...chosen('label'), label])]) })} />
            </ToolbarFilter>
          </ToolbarGroup>
        </ToolbarToggleGroup>
      </ToolbarContent>
    </Toolbar>
  );
}

/** What is typed is here, what is asked for in the address; the address wins when it changes by itself. */
function Search({ asked, ask }: { asked: string; ask: (q: string) => void }) {
  const [text, setText] = useState(asked);
  const [seen, setSeen] = useState(asked);
  const [sent, setSent] = useState<string>();
  if (asked !== seen) {
    setSeen(asked);
    if (asked === sent) setSent(undefined);
    else setText(asked);
  }
  const send = (q: string) => {
    if (q === asked) return;
    setSent(q);
    ask(q);
  };
  const soon = useDebounced((value: string) => send(value.trim()), TYPING);
  const change = (value: string) => {
    setText(value);
    soon(value);
  };
  return (
    <SearchInput
      aria-label="Search by name, region or endpoint"
      placeholder="Name, region or endpoint"
      value={text}
      onChange={(_event, value) => change(value.slice(0, LONGEST))}
      onClear={() => change('')}
    />
  );
}

function Choice(props: { title: string; values: readonly string[]; chosen: readonly string[]; say: (value: string) => string; change: (values: string[]) => void }) {
  const { title, values, chosen, say, change } = props;
  const [open, setOpen] = useState(false);
  return (
    <Select
      role="menu"
      isOpen={open}
      onOpenChange={setOpen}
      selected={[...chosen]}
      onSelect={(_event, value) => change(toggled(chosen, String(value)))}
      isScrollable
      shouldFocusToggleOnSelect={false}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          isExpanded={open}
          aria-label={`Filter by ${title.toLowerCase()}${chosen.length > 0 ? `, ${chosen.length} chosen` : ''}`}
          onClick={() => setOpen(!open)}
          badge={chosen.length > 0 ? <Badge isRead screenReaderText="chosen">{chosen.length}</Badge> : undefined}>
          {title}
        </MenuToggle>
      )}
    >
      <SelectList>
        {values.length === 0 && <SelectOption isDisabled>None is known yet</SelectOption>}
        {values.map((value) => (
          <SelectOption key={value} value={value} hasCheckbox isSelected={chosen.includes(value)}>
            {say(value)}
          </SelectOption>
        ))}
      </SelectList>
    </Select>
  );
}

function LabelField({ add }: { add: (label: string) => void }) {
  const [text, setText] = useState('');
  const [fault, setFault] = useState<string>();
  const id = useId();
  return (
    <Form
      className="cm-clusters-label"
      onSubmit={(event) => {
        event.preventDefault();
        const wrong = labelFault(text.trim());
        setFault(wrong);
        if (wrong) return;
        add(text.trim());
        setText('');
      }}
    >
      <TextInput
        aria-label="Label: key=value, or key"
        aria-describedby={fault ? `${id}-fault` : undefined}
        placeholder="Label: key=value"
        value={text}
        validated={fault ? 'error' : 'default'}
        onChange={(_event, value) => {
          setText(value);
          setFault(undefined);
        }}
      />
      <Button type="submit" variant="control" icon={<PlusIcon />} aria-label="Add label" isDisabled={!text.trim()} />
      <Fault id={`${id}-fault`} text={fault} />
    </Form>
  );
}
