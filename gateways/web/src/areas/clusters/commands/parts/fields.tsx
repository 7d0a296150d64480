/** Name and region, with their rules beside them. */
import { FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';

export function TextField(props: {
  id: string;
  label: string;
  value: string;
  change: (text: string) => void;
  error: string | undefined;
  help: string;
  placeholder?: string;
}) {
  const told = `${props.id}-told`;
  return (
    <FormGroup label={props.label} isRequired fieldId={props.id}>
      <TextInput
        id={props.id}
        isRequired
        maxLength={63}
        autoComplete="off"
        spellCheck={false}
        placeholder={props.placeholder}
        aria-describedby={told}
        value={props.value}
        validated={props.error ? 'error' : 'default'}
        onChange={(_event, text) => props.change(text.trim())}
      />
      <FormHelperText>
        <HelperText id={told} isLiveRegion>
          <HelperTextItem variant={props.error ? 'error' : 'default'}>{props.error ?? props.help}</HelperTextItem>
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}
