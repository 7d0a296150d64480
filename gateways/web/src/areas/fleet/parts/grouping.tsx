/** By what the cells stand together; the choice stands in the address. */
import { Button, TextInput } from '@patternfly/react-core';
import { useId, useState } from 'react';

import { useLabelKeys } from '../queries';

export function Grouping({ by, choose }: { by: string; choose: (by: string) => void }) {
  const id = useId();
  const label = by.startsWith('label:');
  return (
    <div className="cm-actions">
      <label htmlFor={id}>Group by</label>
      <select id={id} className="cm-select" value={label ? 'label:' : by} onChange={(event) => choose(event.target.value)}>
        <option value="provider">Provider</option>
        <option value="region">Region</option>
        <option value="label:">Label</option>
      </select>
      {label && <LabelKey key={by} chosen={by.slice(6)} choose={(key) => choose(`label:${key}`)} />}
    </div>
  );
}

function LabelKey({ chosen, choose }: { chosen: string; choose: (key: string) => void }) {
  const keys = useLabelKeys(true).data ?? [];
  const [text, setText] = useState(chosen);
  const id = useId();
  return (
    <form
      className="cm-actions"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) choose(text.trim());
      }}
    >
      <TextInput aria-label="Key of the label" placeholder="env" list={id} maxLength={317} value={text} onChange={(_event, value) => setText(value)} className="cm-fleet-key" />
      <datalist id={id}>
        {keys.map((key) => (
          <option key={key} value={key} />
        ))}
      </datalist>
      <Button type="submit" variant="secondary" isDisabled={!text.trim() || text.trim() === chosen}>
        Group
      </Button>
    </form>
  );
}
