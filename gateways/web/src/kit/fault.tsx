import { FormHelperText, HelperText, HelperTextItem } from '@patternfly/react-core';

/** The rule that a field breaks, beneath it; the field is described by `id`. */
export function Fault({ id, text }: { id?: string; text: string | undefined }) {
  if (!text) return null;
  return (
    <FormHelperText>
      <HelperText isLiveRegion>
        <HelperTextItem id={id} variant="error">
          {text}
        </HelperTextItem>
      </HelperText>
    </FormHelperText>
  );
}
