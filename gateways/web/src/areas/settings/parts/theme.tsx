/** Light, dark, or as the system says. */
import { Radio } from '@patternfly/react-core';

import { choose, type Theme, useTheme } from '../../../app/theme';

const THEMES: [Theme, string][] = [
  ['system', 'As the system says'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

export function ThemeChoice() {
  const theme = useTheme();
  return (
    <fieldset className="cm-settings-choice">
      <legend className="cm-visually-hidden">Theme</legend>
      {THEMES.map(([value, text]) => (
        <Radio key={value} id={`theme-${value}`} name="theme" label={text} isChecked={theme === value} onChange={() => choose(value)} />
      ))}
    </fieldset>
  );
}
