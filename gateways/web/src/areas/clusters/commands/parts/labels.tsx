/** Labels as rows of key and value. */
import { Button, FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';
import MinusCircleIcon from '@patternfly/react-icons/dist/esm/icons/minus-circle-icon';
import PlusCircleIcon from '@patternfly/react-icons/dist/esm/icons/plus-circle-icon';
import { useEffect, useRef } from 'react';

import { labelRow, type LabelRow, labelRules, MOST_LABELS } from '../rules';

export function LabelsPart({
  id,
  rows,
  change,
  error,
}: {
  id: string;
  rows: readonly LabelRow[];
  change: (rows: LabelRow[]) => void;
  error: string | undefined;
}) {
  const broken = labelRules(rows);
  const added = useRef<number | undefined>(undefined);
  useEffect(() => {
    if (added.current === undefined) return;
    document.getElementById(`${id}-key-${added.current}`)?.focus();
    added.current = undefined;
  });
  const edit = (row: LabelRow) => change(rows.map((one) => (one.id === row.id ? row : one)));
  const add = () => {
    const row = labelRow();
    added.current = row.id;
    change([...rows, row]);
  };
  return (
    <FormGroup role="group" label="Labels" fieldId={id}>
      {rows.map((row, nth) => {
        const rule = broken.get(row.id);
        const told = rule && `${id}-rule-${row.id}`;
        return (
          <div key={row.id} role="group" aria-label={`Label ${nth + 1}`} className="cm-clusters-pair">
            <TextInput
              id={`${id}-key-${row.id}`}
              aria-label={`Key of label ${nth + 1}`}
              aria-describedby={told}
              placeholder="Key"
              maxLength={317}
              autoComplete="off"
              value={row.key}
              validated={rule?.key ? 'error' : 'default'}
              onChange={(_event, key) => edit({ ...row, key: key.trim() })}
            />
            <TextInput
              id={`${id}-value-${row.id}`}
              aria-label={`Value of label ${nth + 1}`}
              aria-describedby={told}
              placeholder="Value"
              maxLength={63}
              autoComplete="off"
              value={row.value}
              validated={rule?.value ? 'error' : 'default'}
              onChange={(_event, value) => edit({ ...row, value: value.trim() })}
            />
            <Button
              variant="plain"
              aria-label={`Remove label ${nth + 1}${row.key ? ` (${row.key})` : ''}`}
              icon={<MinusCircleIcon />}
              onClick={() => {
                change(rows.filter((one) => one.id !== row.id));
                document.getElementById(id)?.focus();
              }}
            />
            {rule && (
              <HelperText id={told} isLiveRegion className="cm-clusters-rule">
                {[rule.key, rule.value].filter(Boolean).map((text) => (
                  <HelperTextItem key={text} variant="error">
                    {text}
                  </HelperTextItem>
                ))}
              </HelperText>
            )}
          </div>
        );
      })}
      <Button id={id} variant="link" isInline icon={<PlusCircleIcon />} isDisabled={rows.length >= MOST_LABELS} onClick={add}>
        Add a label
      </Button>
      <FormHelperText>
        <HelperText>
          <HelperTextItem variant={error ? 'error' : 'default'}>
            {error ??
              (rows.length >= MOST_LABELS
                ? `A cluster has at most ${MOST_LABELS} labels.`
                : 'Optional. Clusters can be found and grouped by them.')}
          </HelperTextItem>
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}
