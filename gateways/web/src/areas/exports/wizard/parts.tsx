/** Fields of the wizard: each with its label, what it is for, and the rule that it broke. */
import { FormGroup, FormHelperText, HelperText, HelperTextItem, TextArea, TextInput } from '@patternfly/react-core';
import type { ReactNode } from 'react';

import type { Draft } from './draft';
import { type Breaches, fieldId } from './rules';

export interface StepProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  errors: Breaches;
}

type TextMember = { [Name in keyof Draft]: Draft[Name] extends string ? (string extends Draft[Name] ? Name : never) : never }[keyof Draft];

export function Text(
  props: StepProps & {
    member: TextMember;
    pointer: string;
    label: string;
    hint?: ReactNode;
    required?: boolean;
    secret?: boolean;
    lines?: number;
    placeholder?: string;
    digits?: boolean;
  },
) {
  const { draft, change, errors, member, pointer, label, hint, required, secret, lines, placeholder, digits } = props;
  const error = errors[pointer];
  const id = fieldId(pointer);
  const common = {
    id,
    value: draft[member],
    'aria-describedby': `${id}-about`,
    'aria-invalid': error !== undefined,
    onChange: (_event: unknown, text: string) => change({ [member]: text }),
    autoComplete: secret ? 'new-password' : 'off',
    spellCheck: false,
    ...(placeholder ? { placeholder } : {}),
    ...(required ? { isRequired: true } : {}),
    validated: error ? ('error' as const) : ('default' as const),
  };
  return (
    <FormGroup label={label} fieldId={id} isRequired={required ?? false}>
      {lines ? (
        <TextArea {...common} rows={lines} resizeOrientation="vertical" />
      ) : (
        <TextInput {...common} type={secret ? 'password' : 'text'} {...(digits ? { inputMode: 'numeric' as const } : {})} />
      )}
      <Help id={id} error={error} hint={hint} />
    </FormGroup>
  );
}

export function Help({ id, error, hint }: { id: string; error: string | undefined; hint?: ReactNode }) {
  return (
    <FormHelperText>
      <HelperText id={`${id}-about`}>
        {error && <HelperTextItem variant="error">{error}</HelperTextItem>}
        {hint && <HelperTextItem>{hint}</HelperTextItem>}
      </HelperText>
    </FormHelperText>
  );
}
