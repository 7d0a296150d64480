/** What the keyboard does. */
const SHORTCUTS: [keys: string[], text: string][] = [
  [['/'], 'Search'],
  [['Ctrl', 'K'], 'Commands; on a Mac ⌘ K'],
  [['Tab'], 'In the grid of the fleet: from group to group'],
  [['←', '→', '↑', '↓'], 'In the grid of the fleet: from cluster to cluster'],
  [['Home', 'End'], 'In the grid of the fleet: the first and the last of a group'],
  [['Esc'], 'Close what is open'],
];

export function Shortcuts() {
  return (
    <dl className="cm-settings-keyboard">
      {SHORTCUTS.map(([keys, text]) => (
        <div key={text}>
          <dt>
            {keys.map((key) => (
              <kbd key={key} className="cm-settings-key">
                {key}
              </kbd>
            ))}
          </dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
