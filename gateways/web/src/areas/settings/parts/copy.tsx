/** A value to be kept elsewhere: shown in full, and copied by a button. */
import { Button } from '@patternfly/react-core';
import CopyIcon from '@patternfly/react-icons/dist/esm/icons/copy-icon';
import { useRef, useState } from 'react';

export function Copied({ value, label }: { value: string; label: string }) {
  const [said, setSaid] = useState('');
  const code = useRef<HTMLElement>(null);
  const copy = () => {
    const select = () => {
      if (code.current) getSelection()?.selectAllChildren(code.current);
      setSaid('It is selected: copy it with the keyboard.');
    };
    // Browsers hand the clipboard to pages on HTTPS or on this machine only.
    if (!navigator.clipboard) return select();
    navigator.clipboard.writeText(value).then(() => setSaid('Copied.'), select);
  };
  return (
    <div className="cm-settings-copy">
      <code ref={code} className="cm-settings-value">
        {value}
      </code>
      <Button variant="secondary" size="sm" icon={<CopyIcon />} onClick={copy} aria-label={`Copy ${label}`}>
        Copy
      </Button>
      <span role="status">{said}</span>
    </div>
  );
}
