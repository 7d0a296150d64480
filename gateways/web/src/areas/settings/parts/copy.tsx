/** A value to be kept elsewhere: shown in full, and copied by a button. */
import { Button } from '@patternfly/react-core';
import CopyIcon from '@patternfly/react-icons/dist/esm/icons/copy-icon';
import { useRef } from 'react';

import { useCopy } from '../../../kit/copy';

export function Copied({ value, label }: { value: string; label: string }) {
  const code = useRef<HTMLElement>(null);
  const { copy, done } = useCopy(value, code);
  return (
    <div className="cm-settings-copy">
      <code ref={code} className="cm-breaks">
        {value}
      </code>
      <Button variant="secondary" size="sm" icon={<CopyIcon />} onClick={copy} aria-label={`Copy ${label}`}>
        Copy
      </Button>
      <span role="status">{done && (done === 'copied' ? 'Copied.' : 'It is selected: copy it with the keyboard.')}</span>
    </div>
  );
}
